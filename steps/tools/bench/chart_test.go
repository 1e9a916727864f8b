package main

import (
	"encoding/xml"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestChart: each bar shows the row with the most members, on one scale, and the image is XML.
func TestChart(t *testing.T) {
	const row = "| CPU for a delivery | %d | 1 | %s | 4 | – |\n"
	got := chart("| bare = 1 | members | bare | raw | a<b>&\"c\" | d |\n|---|---:|---:|---:|---:|---:|\n" +
		fmt.Sprintf(row, 10, "9") + fmt.Sprintf(row, 5000, "1.5") +
		"| CPU for opening | 5000 | 1 | 70 | 70 | 70 |\n")
	bars := regexp.MustCompile(`<text[^>]*>(.*)</text>\n *<rect class="(server|mark)" .*width="(\S+)"`).FindAllStringSubmatch(got, -1)
	want := "bare server 107.5; raw mark 161.2; a&lt;b&gt;&amp;&#34;c&#34; server 430.0; d server 0.0; "
	drawn := ""
	for _, m := range bars {
		drawn += strings.Join(m[1:], " ") + "; "
	}
	if drawn != want {
		t.Errorf("the bars are\n%s, want\n%s", drawn, want)
	}
	if err := xml.Unmarshal([]byte(got), new(struct{})); err != nil {
		t.Error(err)
	}
}

// TestChartStyle compares the style, which has light and dark colors, with that of a lesson's picture.
func TestChartStyle(t *testing.T) {
	picture, err := os.ReadFile("../../pictures/01-turns.svg")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(style) {
		if !strings.Contains(string(picture), line) {
			t.Errorf("no picture has %s", line)
		}
	}
	if strings.Count(style, "--bg: #") != 2 || !strings.Contains(style, "(prefers-color-scheme: dark)") {
		t.Error("the style does not have both color schemes")
	}
}

// TestChartFile compares chart.svg with the table in README.md.
func TestChartFile(t *testing.T) {
	readme, _ := os.ReadFile("README.md")
	file, _ := os.ReadFile("chart.svg")
	if string(file) != chart(string(marks.Find(readme))) {
		t.Error("chart.svg does not show the table in README.md: task bench -- -w writes both")
	}
}
