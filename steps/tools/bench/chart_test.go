package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var drawn = regexp.MustCompile(`<text[^>]*>(.*)</text>\n *<rect class="(server|mark)" .*width="(\S+)" .*\n *<text[^>]*>(.*)</text>`)

func TestChart(t *testing.T) {
	const row = "| CPU for a delivery | %d | 1 | %s | 4 | – |\n"
	got := chart("| bare = 1 | members | bare | raw | a<b>&\"c\" | d |\n|---|---:|---:|---:|---:|---:|\n" +
		fmt.Sprintf(row, 10, "9") + fmt.Sprintf(row, 5000, "1.5") + "| CPU for opening | 5000 | 1 | 70 | 70 | 70 |\n")
	var bars []string
	for _, m := range drawn.FindAllStringSubmatch(got, -1) {
		width, err := strconv.ParseFloat(m[3], 64)
		if err != nil {
			t.Fatal(err)
		}
		bars = append(bars, fmt.Sprintf("%s %s %g %s", m[1], m[2], math.Round(width/longest*400)/100, m[4]))
	}
	want := "bare server 1 1; raw mark 1.5 1.5; a&lt;b&gt;&amp;&#34;c&#34; server 4 4; d server 0 –"
	if s := strings.Join(bars, "; "); s != want {
		t.Errorf("the bars are\n%s, want\n%s", s, want)
	}
	for d := xml.NewDecoder(strings.NewReader(got)); ; {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
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
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile("chart.svg")
	if err != nil {
		t.Fatal(err)
	}
	if string(file) != chart(string(marks.Find(readme))) {
		t.Error("chart.svg does not show the table in README.md: task bench -- -w writes both")
	}
}
