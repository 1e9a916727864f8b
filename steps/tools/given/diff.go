package given

// A Hunk is lines that two versions have in common, and the change behind them: what goes and
// what comes. The last hunk may have no change.
type Hunk[T any] struct{ Same, Old, New []T }

// Diff returns how one version becomes the other, with as few changes as can be. Lines are the
// same if their keys are; those in Same are the older ones.
func Diff[T any](old, fresh []T, key func(T) string) (hunks []Hunk[T]) {
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
	for i, j := 0, 0; i < len(old) || j < len(fresh); {
		from := i
		for same(i, j) {
			i, j = i+1, j+1
		}
		changed, come := i, j
		for i < len(old) && !same(i, j) && common[i+1][j] == common[i][j] {
			i++
		}
		for j < len(fresh) && !same(i, j) {
			j++
		}
		hunks = append(hunks, Hunk[T]{old[from:changed], old[changed:i], fresh[come:j]})
	}
	return hunks
}
