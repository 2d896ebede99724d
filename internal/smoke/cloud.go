package smoke

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"google.golang.org/api/logging/v2"
	"google.golang.org/api/option"
)

const (
	// maxLines is more than one message makes.
	maxLines = 100
	// callPatience bounds one call of Cloud Logging.
	callPatience = 20 * time.Second
)

// cloudLog reads Cloud Logging.
type cloudLog struct {
	entries *logging.EntriesService
	project string
	since   time.Time
}

// NewCloudLog is the log of a project's services since a moment. It reads as
// whoever the process is, unless options say otherwise.
func NewCloudLog(ctx context.Context, project string, since time.Time, options ...option.ClientOption) (Log, error) {
	service, err := logging.NewService(ctx, append([]option.ClientOption{option.WithScopes(logging.LoggingReadScope)}, options...)...)
	if err != nil {
		return nil, fmt.Errorf("open Cloud Logging: %w", err)
	}
	return &cloudLog{entries: service.Entries, project: project, since: since}, nil
}

// Lines implements [Log]. A correlation id of ours holds no quotes.
func (l *cloudLog) Lines(ctx context.Context, correlation string) ([]Line, error) {
	ctx, cancel := context.WithTimeout(ctx, callPatience)
	defer cancel()
	found, err := l.entries.List(&logging.ListLogEntriesRequest{
		ResourceNames: []string{"projects/" + l.project},
		Filter: fmt.Sprintf(`resource.type="cloud_run_revision" AND jsonPayload.correlation_id="%s" AND timestamp>="%s"`,
			correlation, l.since.UTC().Format(time.RFC3339)),
		PageSize: maxLines,
	}).Context(ctx).Do()
	if err != nil {
		return nil, fmt.Errorf("read Cloud Logging: %w", err)
	}
	lines := make([]Line, 0, len(found.Entries))
	for _, entry := range found.Entries {
		line, err := read(json.RawMessage(entry.JsonPayload))
		if err != nil {
			return nil, err
		}
		// The platform takes the severity out of the line, and knows who printed it.
		line.Severity = entry.Severity
		if entry.Resource != nil {
			line.Service, line.Revision = entry.Resource.Labels["service_name"], entry.Resource.Labels["revision_name"]
		}
		lines = append(lines, line)
	}
	return lines, nil
}
