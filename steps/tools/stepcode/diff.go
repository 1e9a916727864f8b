package stepcode

// A Hunk is a change: the old and the new lines, and the unchanged lines before them.
type Hunk[T any] struct{ Same, Old, New []T }

// Diff returns how one version becomes the other, with as few changes as possible. Lines are the same
// if their keys are. Unchanged lines are taken from the old version, and the last hunk has those after
// the last change.
func Diff[T any](old, fresh []T, key func(T) string) (hunks []Hunk[T], rest []T) {
	same := func(i, j int) bool { return i < len(old) && j < len(fresh) && key(old[i]) == key(fresh[j]) }
	common := make([][]int, len(old)+1) // how many lines the rests have in common
	for i := len(old); i >= 0; i-- {
		common[i] = make([]int, len(fresh)+1)
		for j := len(fresh) - 1; j >= 0 && i < len(old); j-- {
			if common[i][j] = max(common[i+1][j], common[i][j+1]); same(i, j) {
				common[i][j] = common[i+1][j+1] + 1
			}
		}
	}
	for from, i, j := 0, 0, 0; ; from = i {
		for same(i, j) {
			i, j = i+1, j+1
		}
		goes, comes := i, j
		for i < len(old) && !same(i, j) && common[i+1][j] == common[i][j] {
			i++
		}
		for j < len(fresh) && !same(i, j) {
			j++
		}
		if i == goes && j == comes {
			return hunks, old[from:]
		}
		hunks = append(hunks, Hunk[T]{old[from:goes], old[goes:i], fresh[comes:j]})
	}
}
