package scenario

import (
	"encoding/xml"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// Table writes one line a scenario, what came out otherwise below it, and the
// counts.
func (r Report) Table(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "SCENARIO\tCOVERS\tSTEPS\tREPLIES\tMS\tRESULT")
	for _, one := range r.Results {
		result := "ok"
		if !one.OK() {
			result = "FAILED"
		}
		covers := strings.Join(one.Scenario.Covers, " ")
		if covers == "" {
			covers = "–"
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%d\t%s\n",
			one.Scenario.Name, covers, len(one.Scenario.Steps), one.Replies, one.Took.Milliseconds(), result)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print scenarios: %w", err)
	}
	for _, one := range r.Results {
		if one.OK() {
			continue
		}
		_, _ = fmt.Fprintf(out, "\n%s\n", one.Scenario.Name)
		for _, f := range one.Failures {
			_, _ = fmt.Fprintf(out, "  %s\n", f.in(one.Scenario.File))
		}
	}
	scripted, altered := r.Drafting()
	_, err := fmt.Fprintf(out, "\n%d scenarios, %d failed, %d script a draft, %d of those see it changed or refused; %.1f s\n",
		len(r.Results), r.Failed(), scripted, altered, r.Took.Seconds())
	if err != nil {
		return fmt.Errorf("print scenarios: %w", err)
	}
	return nil
}

// in is the failure as a line for people.
func (f Failure) in(file string) string {
	if f.Step == 0 {
		return file + ": " + f.What
	}
	return fmt.Sprintf("%s:%d: step %d: %s", file, f.Line, f.Step, f.What)
}

// The shapes of JUnit's XML, as far as the tools that read it agree.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Time     string      `xml:"time,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		File    string        `xml:"file,attr"`
		Time    string        `xml:"time,attr"`
		Failure *junitFailure `xml:"failure"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes the report as JUnit XML: one suite, one case a scenario.
func (r Report) JUnit(out io.Writer) error {
	suite := junitSuite{Name: "scenarios", Tests: len(r.Results), Failures: r.Failed(), Time: seconds(r.Took)}
	for _, one := range r.Results {
		file := one.Scenario.File
		c := junitCase{
			Name: one.Scenario.Name, Class: "scenarios." + strings.TrimSuffix(path.Base(file), path.Ext(file)),
			File: file, Time: seconds(one.Took),
		}
		if !one.OK() {
			lines := make([]string, 0, len(one.Failures))
			for _, f := range one.Failures {
				lines = append(lines, f.in(file))
			}
			c.Failure = &junitFailure{Message: lines[0], Type: "expectation", Text: strings.Join(lines, "\n")}
		}
		suite.Cases = append(suite.Cases, c)
	}
	body, err := xml.MarshalIndent(junitSuites{
		Name: suite.Name, Tests: suite.Tests, Failures: suite.Failures, Time: suite.Time, Suites: []junitSuite{suite},
	}, "", "  ")
	if err != nil {
		return fmt.Errorf("write JUnit: %w", err)
	}
	if _, err := io.WriteString(out, xml.Header+string(body)+"\n"); err != nil {
		return fmt.Errorf("write JUnit: %w", err)
	}
	return nil
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) }
