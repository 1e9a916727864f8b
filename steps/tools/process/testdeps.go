package process

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// NoteInputs makes the result of the running test depend on the files and folders at these paths,
// including everything below them except names that begin with a dot.
//
// Go caches the results of tests. It runs a test again if its code has changed, or a file inside its
// module that the test itself has read. It cannot see what a subprocess reads, for example to build
// another folder, so a test must call NoteInputs first. Outside of tests NoteInputs has no effect.
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
