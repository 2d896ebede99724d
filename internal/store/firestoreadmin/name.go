package firestoreadmin

import "strings"

// segment is what follows a word in a resource name: of
// projects/p/databases/d/collectionGroups/c/fields/f it is c after
// collectionGroups.
func segment(name, word string) string {
	parts := strings.Split(name, "/")
	for i := 0; i+1 < len(parts); i += 2 {
		if parts[i] == word {
			return parts[i+1]
		}
	}
	return ""
}
