package config

import "strings"

// Elsewhere is an environment as the services have it on Cloud Run, for whoever
// reads it on another machine: there TASKS_AUTH=platform is right, and Cloud Run's
// own mark, which it asks for, is missing. Any other environment is left as it is.
func Elsewhere(environ []string) []string {
	platform, marked := false, false
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		switch value = strings.TrimSpace(value); name {
		case "TASKS_AUTH":
			platform = value == string(TasksAuthPlatform)
		case "K_SERVICE":
			marked = value != ""
		}
	}
	if !platform || marked {
		return environ
	}
	return append(environ[:len(environ):len(environ)], "K_SERVICE=elsewhere")
}
