package conversation

// State is where a conversation stands. The names are stored and audited:
// they never change.
type State string

// The ten states.
const (
	Initial            State = "INITIAL"
	Triage             State = "TRIAGE"
	CollectingInfo     State = "COLLECTING_INFO"
	GeneratingResponse State = "GENERATING_RESPONSE"
	HandoffHuman       State = "HANDOFF_HUMAN"
	SelfServeInfo      State = "SELF_SERVE_INFO"
	RouteExternal      State = "ROUTE_EXTERNAL"
	ScheduledFollowup  State = "SCHEDULED_FOLLOWUP"
	Timeout            State = "TIMEOUT"
	Error              State = "ERROR"
)

// Owner is who answers the lead.
type Owner string

// The owners of a conversation. An empty owner is Otto.
const (
	OwnerOtto   Owner = "otto"
	OwnerPerson Owner = "person"
)
