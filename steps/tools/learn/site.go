package main

import (
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"websocket-workshop/steps/tools/process"
	"websocket-workshop/steps/tools/stepcode"
)

// A sitePage is a page of the static site.
type sitePage struct {
	File, Label, Title string
	Pages              []sitePage // the lessons, for the navigation
	Body               template.HTML
}

var heading = regexp.MustCompile(`<h1[^>]*>(.*?)</h1>`)

// writeSite writes the lessons as static pages into a folder, with the pictures, the files of the
// workshop that they link to, and the page that draws frames. It does not change a folder that holds
// something else.
func writeSite(dir string) error {
	root := process.Workshop(".")
	if root == "" {
		return errors.New("the current folder is not in the workshop: go there first")
	}
	marker := filepath.Join(dir, ".websocket-workshop-site")
	entries, err := os.ReadDir(dir)
	if _, noMarker := os.Stat(marker); err == nil && len(entries) > 0 && noMarker != nil {
		return fmt.Errorf("%s holds something else: choose another folder", dir)
	}
	files, err := sitePages()
	if err != nil {
		return err
	}
	if err := errors.Join(addFiles(files, root, "steps/pictures", "pictures", ".svg"),
		addFiles(files, root, "steps/tools/learn/page", "page", ".css"),
		addFiles(files, root, "frontend", "", ".css", ".js", ".html")); err != nil {
		return err
	}
	for _, name := range linkedFiles(files) {
		data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		files["code/"+name] = data
	}
	files[".websocket-workshop-site"] = nil
	for name, data := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// sitePages returns the pages by their names.
func sitePages() (map[string][]byte, error) {
	page, err := template.ParseFS(embedded, "page/site.html")
	if err != nil {
		return nil, err
	}
	lessons := []sitePage{{File: "index.html", Label: "Start"}, {File: "00.html", Label: "0"}}
	for n := 1; n <= stepcode.Last; n++ {
		lessons = append(lessons, sitePage{File: fmt.Sprintf("%02d.html", n), Label: fmt.Sprint(n)})
	}
	lessons = append(lessons, sitePage{File: "library.html", Label: "Library"})
	files := map[string][]byte{}
	names, err := fs.Glob(embedded, "lessons/*.html")
	for _, name := range names {
		body, err := fs.ReadFile(embedded, name)
		if err != nil {
			return nil, err
		}
		p := sitePage{File: strings.TrimPrefix(name, "lessons/"), Title: "Lesson", Pages: lessons,
			Body: template.HTML(body)}
		if m := heading.FindSubmatch(body); m != nil {
			p.Title = string(m[1])
		}
		var s strings.Builder
		if err := page.Execute(&s, p); err != nil {
			return nil, err
		}
		files[p.File] = []byte(s.String())
	}
	return files, err
}

var linked = regexp.MustCompile(`(?:href|src)="code/([^"#]+)`)

// linkedFiles returns the files of the workshop that pages link to.
func linkedFiles(pages map[string][]byte) (names []string) {
	for _, page := range pages {
		for _, m := range linked.FindAllSubmatch(page, -1) {
			names = append(names, string(m[1]))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// addFiles adds the files in a folder of the workshop that have one of the extensions.
func addFiles(files map[string][]byte, root, folder, to string, endings ...string) error {
	entries, err := os.ReadDir(filepath.Join(root, filepath.FromSlash(folder)))
	for _, e := range entries {
		name := path.Join(to, e.Name())
		if !slices.Contains(endings, path.Ext(name)) || files[name] != nil {
			continue
		}
		if files[name], err = os.ReadFile(filepath.Join(root, filepath.FromSlash(folder), e.Name())); err != nil {
			return err
		}
	}
	return err
}
