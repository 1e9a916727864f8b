package main

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// A table is one in Markdown.
type table struct {
	line  int        // of its header
	head  []string   // in lower case
	rows  [][]string // cells
	marks string     // the comment directly before it
}

// tables returns the tables of a text.
func (d *doc) tables() (all []table) {
	for i := 0; i+1 < len(d.lines); i++ {
		if d.inside[i] || !isRow(d.lines[i]) || !isRule(d.lines[i+1]) {
			continue
		}
		t := table{line: i + 1, head: cells(strings.ToLower(d.lines[i])), marks: d.commentBefore(i)}
		for i += 2; i < len(d.lines) && isRow(d.lines[i]); i++ {
			t.rows = append(t.rows, cells(d.lines[i]))
		}
		all = append(all, t)
	}
	return all
}

// isRow reports whether a line is a row of a table.
func isRow(line string) bool { return strings.HasPrefix(line, "|") }

// isRule reports whether a line is the one below a table's header.
func isRule(line string) bool { return isRow(line) && strings.Trim(line, "|-: ") == "" }

// cells returns the cells of a row.
func cells(line string) (all []string) {
	for _, cell := range strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|") {
		all = append(all, strings.TrimSpace(cell))
	}
	return all
}

// rowLine returns the line of row n.
func (t table) rowLine(n int) int { return t.line + 2 + n }

// column returns the index of a column, or -1.
func (t table) column(name string) int {
	for i, head := range t.head {
		if head == name {
			return i
		}
	}
	return -1
}

// cell returns a cell, or "" where a row is too short.
func cell(row []string, i int) string {
	if i < 0 || i >= len(row) {
		return ""
	}
	return row[i]
}

// markersOwed are the marks without which a table would not be checked.
var markersOwed = map[string]string{
	"README.md":           "<!-- gen: steps -->",
	"steps/INSTRUCTOR.md": "<!-- lessons -->",
}

// checkTables holds tables to what they say: tasks and their plain commands, timetables,
// and what the checker says.
func (w *workshop) checkTables(d *doc) (problems []problem) {
	for _, t := range d.tables() {
		problems = append(problems, w.checkTaskRows(d, t)...)
		if t.column("at") == 0 && t.column("minutes") == 1 {
			problems = append(problems, w.checkTimetable(d, t)...)
		}
		if c := t.column("the checker says"); c >= 0 {
			problems = append(problems, w.checkSayings(d, t, c)...)
		}
	}
	if marker := markersOwed[d.name]; !strings.Contains(d.text, marker) {
		problems = append(problems, d.problem(1, fmt.Sprintf("%s is missing over the table", marker)))
	}
	if stepOf(d.name) > 0 {
		if _, err := minutesOf(d.text); err != nil {
			problems = append(problems, d.problem(1, err.Error()))
		}
	}
	return problems
}

var taskCell = regexp.MustCompile("^`task ([\\w-]+)`$")

// checkTaskRows compares the plain command beside a task with what the task runs.
func (w *workshop) checkTaskRows(d *doc, t table) (problems []problem) {
	all := tasks(w.read("Taskfile.yml"))
	for i, row := range t.rows {
		m := taskCell.FindStringSubmatch(cell(row, 0))
		command := strings.Trim(cell(row, 1), "`")
		if m == nil || "`"+command+"`" != cell(row, 1) || !inlineCmd.MatchString(command) {
			continue
		}
		if want := plain(all, strings.ReplaceAll(m[1], "-N", "-2")); strings.ReplaceAll(want, "2", "N") != strings.ReplaceAll(command, "2", "N") {
			problems = append(problems, d.problem(t.rowLine(i), fmt.Sprintf("task %s runs %q, not %q", m[1], want, command)))
		}
	}
	return problems
}

var lessonLink = regexp.MustCompile(`\]\((?:steps/)?(0[1-6])\.md\)`)

// checkTimetable adds up a timetable: each row begins when the one before ends. Marked
// <!-- lessons -->, it gives each lesson the minutes that the lesson says it takes.
func (w *workshop) checkTimetable(d *doc, t table) (problems []problem) {
	at := -1
	seen := make(map[string]bool)
	for i, row := range t.rows {
		begin, err := clock(cell(row, 0))
		if err != nil {
			problems = append(problems, d.problem(t.rowLine(i), err.Error()))
			continue
		}
		if at >= 0 && begin != at {
			problems = append(problems, d.problem(t.rowLine(i), fmt.Sprintf("the rows above end at %d:%02d, not %s", at/60, at%60, cell(row, 0))))
		}
		minutes, err := strconv.Atoi(cell(row, 1))
		if err != nil && i != len(t.rows)-1 {
			problems = append(problems, d.problem(t.rowLine(i), "how many minutes? Only the last row, the end, takes none"))
		}
		at = begin + minutes
		if m := lessonLink.FindStringSubmatch(strings.Join(row, "|")); m != nil && t.marks == "lessons" {
			seen[m[1]] = true
			problems = append(problems, w.compareMinutes(d, t.rowLine(i), "steps/"+m[1]+".md", minutes)...)
		}
	}
	for n := 1; n <= 6 && t.marks == "lessons"; n++ {
		if name := fmt.Sprintf("%02d", n); !seen[name] {
			problems = append(problems, d.problem(t.line, fmt.Sprintf("the timetable leaves out lesson %s", name)))
		}
	}
	return problems
}

// compareMinutes compares a row of a timetable with its lesson.
func (w *workshop) compareMinutes(d *doc, line int, lesson string, minutes int) []problem {
	says, err := minutesOf(w.read(lesson))
	if err != nil {
		return []problem{d.problem(line, fmt.Sprintf("%s: %v", lesson, err))}
	}
	if says != minutes {
		return []problem{d.problem(line, fmt.Sprintf("%s says that it takes %d minutes, not %d", lesson, says, minutes))}
	}
	return nil
}

var lessonMinutes = regexp.MustCompile(`\b(\d+) minutes\b`)

// minutesOf returns the minutes that a lesson says it takes, at its top.
func minutesOf(lesson string) (int, error) {
	lines := strings.SplitN(lesson, "\n", 13)
	m := lessonMinutes.FindStringSubmatch(strings.Join(lines[:min(12, len(lines))], "\n"))
	if m == nil {
		return 0, fmt.Errorf("a lesson says in its first 12 lines that it takes N minutes")
	}
	return strconv.Atoi(m[1])
}

// clock returns a time like 1:05 in minutes.
func clock(s string) (int, error) {
	var h, m int
	if n, err := fmt.Sscanf(s, "%d:%02d", &h, &m); n != 2 || err != nil || m > 59 {
		return 0, fmt.Errorf("%q is no time like 1:05", s)
	}
	return h*60 + m, nil
}

// checkSayings looks for what a column quotes in the checker's code.
func (w *workshop) checkSayings(d *doc, t table, column int) (problems []problem) {
	var code strings.Builder
	names, _ := fs.Glob(w.files, path.Join("steps/tools/check", "*.go"))
	for _, name := range names {
		code.WriteString(w.read(name))
	}
	for i, row := range t.rows {
		for _, m := range codeSpan.FindAllStringSubmatch(cell(row, column), -1) {
			if saying := strings.TrimSpace(m[2]); !strings.Contains(code.String(), strings.ReplaceAll(saying, `\`, `\\`)) && !strings.Contains(code.String(), saying) {
				problems = append(problems, d.problem(t.rowLine(i), fmt.Sprintf("the checker never says %q", saying)))
			}
		}
	}
	return problems
}
