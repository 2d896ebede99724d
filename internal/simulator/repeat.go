package simulator

import (
	"context"
	"net/http"

	"github.com/pyloto/atende/internal/operator"
)

// maxNamed bounds the name of a pack or a model, in bytes.
const maxNamed = 200

// postRepeat decides a turn again, with another pack or another model, and says
// what came out otherwise. Nothing is sent and nothing is stored.
func (a *api) postRepeat(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Pack  string `json:"pack"`
		Model string `json:"model"`
	}
	if !decode(w, r, &request) {
		return
	}
	if len(request.Pack) > maxNamed || len(request.Model) > maxNamed {
		refuseRequest(w, http.StatusBadRequest, "pack, model: a name is too long")
		return
	}
	answerOperator(w, r, func(ctx context.Context) (any, error) {
		return a.operator.Repeat(ctx, r.PathValue("id"), request.Pack, request.Model)
	})
}

// models are the models that are known here by their names.
func models(m operator.Minds) []string {
	if m.Model == "" {
		return []string{}
	}
	return []string{m.Model}
}
