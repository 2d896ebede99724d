package storetest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheEmulatorThatIsNamedIsTaken(t *testing.T) {
	t.Setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:9")
	host, origin, err := findEmulator()
	if err != nil || host != "127.0.0.1:9" || origin != "FIRESTORE_EMULATOR_HOST" {
		t.Errorf("found %s from %s, %v", host, origin, err)
	}
}

func TestTheJarThatIsNamedMustExist(t *testing.T) {
	jar := filepath.Join(t.TempDir(), "emulator.jar")
	t.Setenv("FIRESTORE_EMULATOR_HOST", "")
	t.Setenv("FIRESTORE_EMULATOR_JAR", jar)
	if _, _, err := findEmulator(); err == nil || !strings.Contains(err.Error(), "FIRESTORE_EMULATOR_JAR") {
		t.Errorf("a jar that is not there: %v", err)
	}
	if err := os.WriteFile(jar, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if found, err := findJar(); err != nil || found != jar {
		t.Errorf("found %s, %v", found, err)
	}
}

func TestAnEmulatorThatEndsIsNotWaitedFor(t *testing.T) {
	java, err := exec.LookPath("false")
	if err != nil {
		t.Fatal(err)
	}
	if host, err := startEmulator(java, "emulator.jar"); err == nil {
		t.Errorf("an emulator answers at %s", host)
	}
	if _, err := startEmulator(filepath.Join(t.TempDir(), "java"), "emulator.jar"); err == nil {
		t.Error("an interpreter that is not there was started")
	}
}
