package process

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// NoteInputs makes the result of the running test depend on the files and folders at these
// paths, with all that is below them but for names that begin with a dot.
//
// Go caches the results of tests. It runs a test again if its code has changed, or a file
// that the test itself has looked at inside its module. What a test leaves to a subprocess, such
// as building another folder, it cannot see: so whoever does that calls NoteInputs first.
// Outside of tests it does nothing that matters.
func NoteInputs(paths ...string) error {
	for _, path := range paths {
		err := filepath.WalkDir(path, func(path string, d fs.DirEntry, err error) error {
			name := filepath.Base(path)
			if strings.HasPrefix(name, ".") && strings.Trim(name, ".") != "" && err == nil {
				if d.IsDir() {
					err = filepath.SkipDir
				}
				return err
			}
			_, missing := os.Stat(path)
			return errors.Join(err, missing)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
