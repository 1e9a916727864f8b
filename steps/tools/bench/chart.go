package main

import (
	"fmt"
	"html"
	"strconv"
	"strings"
)

// charted lists the rows of the table that the chart shows.
var charted = []struct{ row, title string }{
	{"CPU for a delivery", "CPU to deliver a message to one member"},
	{"memory of an idle member", "Memory of an idle member"},
	{"post until the last has it, p50", "Median time until the last member has a post"},
}

// longest is the length of the longest bar.
const longest = 430

// style is the part of the style of steps/pictures that the chart needs.
const style = `    svg { --bg: #ffffff; --ink: #16191d; --dim: #545c66; --line: #79828e; --client: #d8e9fb; --server: #d9f2e3; --mark: #fdeac4; --bad: #fbdcdc; }
    @media (prefers-color-scheme: dark) {
      svg { --bg: #191d22; --ink: #eef1f4; --dim: #aab3bd; --line: #87919d; --client: #173754; --server: #153d29; --mark: #4a3812; --bad: #512022; }
    }
    text { fill: var(--ink); font: 15px system-ui, sans-serif; }
    .dim { fill: var(--dim); font-size: 13px; }
    .head { font-weight: 600; }
    .end { text-anchor: end; }
    .bg { fill: var(--bg); }
    .server { fill: var(--server); stroke: var(--line); }
    .mark { fill: var(--mark); stroke: var(--line); }
`

// chart returns an SVG image of the table that text returns. It shows each charted row for the
// largest number of members. All bars have the same scale.
func chart(table string) string {
	var servers []string
	rows := make(map[string][]string) // the cells by the title of the row
	for line := range strings.Lines(html.EscapeString(table)) {
		cells := strings.Split(strings.Trim(line, "| \n"), " | ")
		if cells[0] == "bare = 1" {
			servers = cells[2:]
		} else if len(cells) == 2+len(servers) {
			rows[cells[0]] = cells // after those with fewer members
		}
	}
	most := 1.0
	for _, c := range charted {
		for i := 2; i < len(rows[c.row]); i++ {
			most = max(most, number(rows[c.row][i]))
		}
	}

	shapes, desc, y := "", "", 44
	for _, c := range charted {
		cells := rows[c.row]
		if cells == nil {
			continue // memory is not in the table for few members
		}
		title, figures := fmt.Sprintf("%s (%s members)", c.title, cells[1]), []string{}
		shapes += fmt.Sprintf(`  <text x="20" y="%d" class="head">%s</text>`+"\n", y+26, title)
		y += 36
		for i, server := range servers {
			name, fill, label := "end", "server", "dim"
			if server == "raw" {
				name, fill, label = "end head", "mark", "head"
			}
			value := cells[2+i]
			width := number(value) / most * longest
			shapes += fmt.Sprintf(`  <text x="104" y="%d" class="%s">%s</text>
  <rect class="%s" x="112" y="%d" width="%.1f" height="18"/>
  <text x="%.1f" y="%d" class="%s">%s</text>
`, y+15, name, server, fill, y+1, width, 120+width, y+15, label, value)
			figures = append(figures, server+" "+value)
			y += 23
		}
		desc += ". " + title + ": " + strings.Join(figures, ", ")
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="640" height="%[1]d" viewBox="0 0 640 %[1]d" role="img" aria-labelledby="title desc">
  <title id="title">What the servers need</title>
  <desc id="desc">Each figure is a multiple of what a bare TCP server needs%[2]s.</desc>
  <style>
%[3]s  </style>
  <rect class="bg" width="640" height="%[1]d" rx="8"/>
  <text x="20" y="32" class="head">What the servers need</text>
  <text x="620" y="32" class="dim end">a bare TCP server = 1; shorter is better</text>
%[4]s</svg>
`, y+16, desc, style, shapes)
}

// number returns what a cell holds, or 0 for a dash.
func number(cell string) float64 {
	value, _ := strconv.ParseFloat(cell, 64)
	return value
}
