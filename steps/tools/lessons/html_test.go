package main

import (
	"strings"
	"testing"
)

// TestHTML renders one of each thing that a text of the workshop has.
func TestHTML(t *testing.T) {
	w := newWorkshop(root)
	const text = "# A *title*\n\n[two](02.md#the-key) [lib](../library/README.md) [code](../raw/conn.go) " +
		"[bits](http://localhost:8080/frame.html#8100) [go](https://go.dev) ![a picture](pictures/x.svg)\n\n" +
		"<!-- turn: frame.go encode -->\n```diff\n+++ frame.go\n@@ at the end\n+func f() {} // a < b\n-x\n y\n```\n\n" +
		"| a | b |\n|---|---|\n| 1 | <!-- gen: minutes -->2<!-- /gen --> |\n\n<details><summary>Open</summary>\n\nInside.\n</details>\n"
	got := w.toHTML(parse("steps/01.md", text))
	for _, want := range []string{
		`<h1 id="a-title">A <em>title</em></h1>`,
		`<a href="02.html#the-key">two</a> <a href="library.html">lib</a> <a href="code/raw/conn.go">code</a>`,
		`<a href="frame.html#8100">bits</a> <a href="https://go.dev">go</a> <img src="pictures/x.svg" alt="a picture">`,
		`<figure class="code" data-kind="turn" data-of="frame.go encode" data-lang="diff"><pre tabindex="0"><code><b>+++ frame.go</b>`,
		`<ins>+<span class="keyword">func</span> f() {} <span class="comment">// a &lt; b</span></ins>`,
		"<del>-x</del>\n y</code></pre></figure>",
		`<td>2</td>`, `<details><summary>Open</summary>`, `<p>Inside.</p>`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no\n%s\nin\n%s", want, got)
		}
	}
	if strings.Contains(got, "<!--") {
		t.Error("a mark is left")
	}
	for name, want := range map[string]string{"steps/03.md": "03.html", "steps/03-hints.md": "03-hints.html", "library/README.md": "library.html",
		"library/hints.md": "library-hints.html", "README.md": "index.html", "steps/INSTRUCTOR.md": "instructor.html", "library/examples/README.md": "examples.html"} {
		if got := htmlName(name); got != want {
			t.Errorf("%s is %s as HTML, want %s", name, got, want)
		}
	}
}
