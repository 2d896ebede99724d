package cloudtasks

import (
	"context"
	"errors"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/grpc/codes"

	"github.com/pyloto/atende/internal/fault"
)

// knockPause is how often is looked whether a knock was answered.
const knockPause = 200 * time.Millisecond

var errUnanswered = errors.New("not delivered in time")

// Knock has the queue ask the worker for a path with GET and with the identity that
// every task carries, and waits until that was answered with success. It makes one
// task, which it takes away again when it is not. What the worker, or the platform
// before it, refuses is said by the name of Google's code for it, such as
// PermissionDenied; said is empty when it was let in.
//
// Beside the permissions to make a task it needs cloudtasks.tasks.get and
// cloudtasks.tasks.delete.
func (c *Client) Knock(ctx context.Context, queue, path string) (said string, err error) {
	api, err := c.connection(ctx)
	if err != nil {
		return "", &callError{op: "knock", queue: queue, cause: err}
	}
	request := c.request(Task{Queue: queue, Path: path})
	request.GetTask().GetHttpRequest().HttpMethod = cloudtaskspb.HttpMethod_GET
	made, err := api.CreateTask(ctx, request)
	if err != nil {
		return "", &callError{op: "knock", queue: queue, cause: marked(err)}
	}
	pause := time.NewTicker(knockPause)
	defer pause.Stop()
	for {
		task, err := api.GetTask(ctx, &cloudtaskspb.GetTaskRequest{Name: made.GetName()})
		switch code := codeOf(err); {
		case code == codes.NotFound, code == codes.FailedPrecondition:
			return "", nil // Done tasks are forgotten, and some are remembered as forgotten.
		case err != nil && ctx.Err() == nil:
			c.takeBack(ctx, made.GetName())
			return "", &callError{op: "knock", queue: queue, cause: marked(err)}
		}
		if last := task.GetLastAttempt(); last.GetResponseTime() != nil {
			said = codes.Code(last.GetResponseStatus().GetCode()).String()
		}
		switch said {
		case codes.PermissionDenied.String(), codes.Unauthenticated.String(), codes.NotFound.String():
			// It will not be let in by asking again.
			c.takeBack(ctx, made.GetName())
			return said, nil
		}
		select {
		case <-pause.C:
		case <-ctx.Done():
			c.takeBack(ctx, made.GetName())
			if said != "" {
				return said, nil
			}
			return "", &callError{op: "knock", queue: queue, cause: fault.Mark(errUnanswered, fault.Dependency)}
		}
	}
}

// takeBack deletes a task, also when nobody waits any more. One that cannot be is
// harmless: it asks for the worker's health until somebody answers.
func (c *Client) takeBack(ctx context.Context, name string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.timeout)
	defer cancel()
	if api, err := c.connection(ctx); err == nil {
		_ = api.DeleteTask(ctx, &cloudtaskspb.DeleteTaskRequest{Name: name})
	}
}
