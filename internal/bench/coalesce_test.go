package bench_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/pyloto/atende/internal/openai/openaitest"
	"github.com/pyloto/atende/internal/simulator/simulatortest"
)

// What leads write. The offline model is asked for all of them.
const (
	finished = "preciso que o atendimento fale com o meu sistema, como funciona?"
	fragment = "integra com sistema"
)

// BenchmarkCoalesce measures the time from a webhook to the question to the
// model, over the whole street: what waiting for the rest of a burst costs a
// message that has none. A finished sentence should cost nothing.
func BenchmarkCoalesce(b *testing.B) {
	const messages = 40
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	_, _ = fmt.Fprintln(table, "webhook to model call, median of\t\tp90\t")
	for _, c := range []struct{ name, window, text string }{
		{"a finished sentence, waiting switched off", "0", finished},
		{"a finished sentence", "1.2s", finished},
		{"a fragment", "1.2s", fragment},
	} {
		s := openLocalStreet(b, c.window)
		var took []time.Duration
		for n := range messages {
			took = append(took, s.ask(fmt.Sprintf("55119%08d", n), c.text))
		}
		s.close()
		_, _ = fmt.Fprintf(table, "%s (%d)\t%.1f ms\t%.1f ms\t\n", c.name, messages,
			float64(median(took).Microseconds())/1000, float64(quantile(took, 0.9).Microseconds())/1000)
	}
	if err := table.Flush(); err != nil {
		b.Fatal(err)
	}
}

// localStreet is the whole street in this process, with a model that says when
// it was asked.
type localStreet struct {
	tb    testing.TB
	url   string
	asked chan time.Time
	close func()
}

func openLocalStreet(tb testing.TB, window string) *localStreet {
	tb.Helper()
	s := &localStreet{tb: tb, asked: make(chan time.Time, 1)}
	model := openaitest.NewServer(openaitest.Options{})
	behind, err := url.Parse(model.URL())
	if err != nil {
		tb.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: behind.Scheme, Host: behind.Host})
	edge := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked <- time.Now()
		proxy.ServeHTTP(w, r)
	}))
	// It asks the model until it has ended, so that goes last.
	tb.Cleanup(model.Close)
	tb.Cleanup(edge.Close)
	local := simulatortest.Start(tb, "COALESCE_WINDOW="+window, "OPENAI_API_KEY=bench", "OPENAI_BASE_URL="+edge.URL+behind.Path)
	s.url = local.URL
	s.close = func() {
		if err := local.Stop(); err != nil {
			tb.Error(err)
		}
	}
	return s
}

// ask is how long it takes from a lead's message to the question it causes.
func (s *localStreet) ask(from, text string) time.Duration {
	s.tb.Helper()
	body, err := json.Marshal(map[string]string{"from": from, "name": "Iara", "text": text})
	if err != nil {
		s.tb.Fatal(err)
	}
	began := time.Now()
	response, err := http.Post(s.url+"/api/messages", "application/json", strings.NewReader(string(body)))
	if err != nil {
		s.tb.Fatal(err)
	}
	_ = response.Body.Close()
	select {
	case at := <-s.asked:
		return at.Sub(began)
	case <-time.After(patience):
		s.tb.Fatal("the model was not asked")
		return 0
	}
}
