package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/config"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/secrets"
	"github.com/pyloto/atende/internal/store/firestore"
	"github.com/pyloto/atende/internal/store/firestoreadmin"
	"github.com/pyloto/atende/internal/store/redis"
)

const (
	// pings is how often Redis is asked, for a median.
	pings = 7
	// noEviction is the policy by which Redis refuses to write when it is full.
	// What is evicted under another one is a lease or a mailbox: nothing is lost,
	// but a turn may be thought through twice and paid for twice. A write that is
	// refused costs less.
	noEviction = "noeviction"
	// ledgerPatience bounds one call of the ledger.
	ledgerPatience = 10 * time.Second
)

func (p *patient) checkRedis(ctx context.Context) result {
	if p.worker.Redis.URL.IsZero() || p.worker.Redis.Sessions == config.BackendMemory && p.worker.Redis.Dedupe == config.BackendMemory {
		return ok("none: each service keeps its hints in its own memory, as development allows")
	}
	address, err := p.reveal(ctx, p.worker.Redis.URL)
	if err != nil {
		return failed("REDIS_URL was not resolved", "atende doctor   # again: it resolved a moment ago")
	}
	// Nothing is read that would have to be opened, so any ring will do.
	ring, err := pii.NewRing(make([]byte, 32))
	if err != nil {
		return failed(err.Error())
	}
	store, err := redis.New(redis.Options{URL: address.Reveal(), Ring: ring, CallTimeout: 2 * time.Second, Now: p.o.Now})
	if err != nil {
		return failed(err.Error(), "export REDIS_URL=…   # redis://host:port/0, or rediss:// for TLS")
	}
	defer func() { _ = store.Close() }()
	e, err := store.Examine(ctx, pings)
	if err != nil {
		fix := []string{"look whether the server runs and lets you in: redis-cli -u \"$REDIS_URL\" ping"}
		if !p.local() {
			fix = append(fix, "at Upstash: the console shows whether the database is paused; the address of another one is put with gcloud secrets versions add redis-url-"+p.name()+p.project()+" --data-file=-")
		}
		return failed("does not answer: "+err.Error(), fix...)
	}
	p.note(func() {
		p.times = append(p.times, reading{whose: redisCheck, ahead: e.At.Sub(e.Asked), grain: e.Within})
	})
	found := fmt.Sprintf("answers in %v", e.Latency.Round(10*time.Microsecond))
	switch {
	case e.Policy == "":
		found += "; it does not say what it does when it is full (see that eviction is off)"
	case e.Unbounded:
		found += "; its memory has no limit, so nothing is evicted"
	default:
		found += "; when it is full: " + e.Policy
	}
	switch {
	case e.Policy != "" && e.Policy != noEviction && !e.Unbounded:
		return warning(found, "redis-cli -u \"$REDIS_URL\" config set maxmemory-policy noeviction   # at Upstash: Eviction off")
	case e.Latency > redis.DefaultCallTimeout:
		return warning(found+", from this machine; a service waits "+redis.DefaultCallTimeout.String()+" and goes on without",
			"curl -s https://…/ready   # of the ingress: latency_ms of redis is what counts; it belongs into the region of the services, "+p.region())
	default:
		return result{status: OK, found: found}
	}
}

// openLedger is a ledger that is asked, and how to let go of it.
type openLedger struct {
	Ledger
	close func() error
}

// ledger is the ledger, opened once.
func (p *patient) ledger(ctx context.Context) (*openLedger, error) {
	if opened := known(p, func() *openLedger { return p.opened }); opened != nil {
		return opened, nil
	}
	opened := &openLedger{Ledger: p.o.Ledger, close: func() error { return nil }}
	if p.o.Ledger == nil {
		dataKeys, err := secrets.List(p.resolver, p.worker.DataKeys)(ctx)
		if err != nil {
			return nil, err
		}
		keys, err := config.DecodeKeyRing(dataKeys...)
		if err != nil {
			return nil, err
		}
		ring, err := pii.NewRing(keys...)
		if err != nil {
			return nil, err
		}
		store, err := firestore.New(firestore.Options{
			ProjectID: p.worker.Firestore.Project, DatabaseID: p.worker.Firestore.Database, Tenant: p.worker.Tenant,
			EmulatorHost: p.worker.Firestore.EmulatorHost, Ring: ring, CallTimeout: ledgerPatience, ClientOptions: p.o.Firestore,
		})
		if err != nil {
			return nil, err
		}
		opened.Ledger, opened.close = store, store.Close
	}
	p.note(func() { p.opened = opened })
	return opened, nil
}

// remote reports whether the ledger is one that this process can reach.
func (p *patient) remote() bool {
	return p.o.Ledger != nil || p.worker.Ledger == config.BackendFirestore
}

func (p *patient) checkLedger(ctx context.Context) result {
	if !p.remote() {
		return ok("the ledger is in the worker's own memory, as development allows; only the worker can be asked")
	}
	l, err := p.ledger(ctx)
	if err == nil {
		began := time.Now()
		if err = l.Ping(ctx); err == nil {
			return ok("%s answers in %v", p.whichLedger(), time.Since(began).Round(100*time.Microsecond))
		}
	}
	found := p.whichLedger() + " does not answer: " + err.Error()
	at := p.worker.Firestore
	switch {
	case at.EmulatorHost != "":
		return failed(found, "start the emulator at "+at.EmulatorHost+", or unset FIRESTORE_EMULATOR_HOST")
	case p.worker.Ledger == config.BackendMemory:
		return failed(found, "start the street again: make run")
	case strings.Contains(err.Error(), "NotFound"):
		return failed(found, p.terraform("ledger"),
			"gcloud firestore databases list --project "+at.Project+"   # is FIRESTORE_DATABASE_ID one of them?")
	case fault.Is(err, fault.Broken):
		return failed(found, "gcloud projects add-iam-policy-binding "+at.Project+" --role roles/datastore.user --member user:$(gcloud config get account)")
	default:
		return failed(found, login)
	}
}

func (p *patient) whichLedger() string {
	at := p.worker.Firestore
	switch {
	case at.EmulatorHost != "":
		return "the Firestore emulator at " + at.EmulatorHost
	case p.worker.Ledger == config.BackendMemory:
		return "the ledger in memory"
	default:
		return fmt.Sprintf("Firestore (%s, %s)", at.Project, at.Database)
	}
}

// checkIndexes holds what a database has against what the ledger needs.
func (p *patient) checkIndexes(ctx context.Context) result {
	at := p.worker.Firestore
	switch {
	case p.worker.Ledger == config.BackendMemory:
		return ok("the ledger in memory has neither indexes nor policies of expiry, and needs none")
	case at.EmulatorHost != "":
		return ok("the Firestore emulator has neither indexes nor policies of expiry: nothing to look at")
	}
	has, err := firestoreadmin.Read(ctx, at.Project, at.Database, p.o.Firestore...)
	if err != nil {
		return failed(err.Error(), "gcloud projects add-iam-policy-binding "+at.Project+" --role roles/datastore.viewer --member user:$(gcloud config get account)")
	}
	needed := firestore.Needed()
	var missing, underWay, broken []string
	weigh := func(what string, state firestoreadmin.State, there bool) {
		switch {
		case !there:
			missing = append(missing, what)
		case state == firestoreadmin.Building:
			underWay = append(underWay, what)
		case state == firestoreadmin.Broken:
			broken = append(broken, what)
		}
	}
	for _, index := range slices.Concat(needed.Indexes, needed.Composite) {
		there := slices.IndexFunc(slices.Concat(has.Indexes, has.Composite), func(other firestoreadmin.Index) bool { return same(index, other) })
		var state firestoreadmin.State
		if there >= 0 {
			state = slices.Concat(has.Indexes, has.Composite)[there].State
		}
		weigh("the index of "+index.Collection+" by "+strings.Join(paths(index), ", "), state, there >= 0)
	}
	for _, collection := range needed.Expiring {
		there := slices.IndexFunc(has.Policies, func(policy firestoreadmin.Policy) bool {
			return policy.Collection == collection && policy.Field == needed.Expiry
		})
		var state firestoreadmin.State
		if there >= 0 {
			state = has.Policies[there].State
		}
		weigh("the expiry of "+collection, state, there >= 0)
	}
	switch {
	case len(missing) > 0:
		return failed("missing: "+strings.Join(missing, "; "), p.terraform("ledger"))
	case len(broken) > 0:
		return failed("Firestore asks for repair of "+strings.Join(broken, "; "),
			"gcloud firestore indexes composite list --project "+at.Project+"   # delete what needs repair, then:", p.terraform("ledger"))
	case len(underWay) > 0:
		return warning("still being built: "+strings.Join(underWay, "; "), "wait some minutes, then: atende doctor")
	default:
		return ok("%d indexes and %d policies of expiry, all ready", len(needed.Indexes)+len(needed.Composite), len(needed.Expiring))
	}
}

func same(needed firestore.Index, has firestoreadmin.Index) bool {
	return needed.Collection == has.Collection && slices.EqualFunc(needed.Fields, has.Fields,
		func(a firestore.IndexField, b firestoreadmin.Field) bool {
			return a.Path == b.Path && a.Descending == b.Descending
		})
}

func paths(index firestore.Index) []string {
	var list []string
	for _, f := range index.Fields {
		list = append(list, f.Path)
	}
	return list
}

// checkHashKey compares CONTACT_HASH_KEY with the one that the ledger was written
// with: under another one everybody would be a stranger.
func (p *patient) checkHashKey(ctx context.Context) result {
	if !p.remote() {
		return ok("the ledger is in the worker's own memory, and so is what it was claimed with")
	}
	text, err := p.reveal(ctx, p.worker.ContactHashKey)
	if err != nil {
		return failed("CONTACT_HASH_KEY was not resolved", "atende doctor   # again: it resolved a moment ago")
	}
	raw, err := config.DecodeKey(text)
	if err != nil {
		return failed("CONTACT_HASH_KEY: "+err.Error(), "export CONTACT_HASH_KEY=…   # 32 bytes in hexadecimal, the ones that this ledger was written with")
	}
	key, err := pii.NewHashKey(raw)
	if err != nil {
		return failed("CONTACT_HASH_KEY: "+err.Error(), "export CONTACT_HASH_KEY=…   # 32 bytes in hexadecimal, the ones that this ledger was written with")
	}
	l, err := p.ledger(ctx)
	if err != nil {
		return failed(err.Error(), "atende doctor   # again: it was open a moment ago")
	}
	switch claimed, err := l.Fingerprint(ctx); {
	case err != nil:
		return failed(err.Error(), "atende doctor   # again: the ledger answered a moment ago")
	case claimed == "":
		return ok("the ledger is new: the first worker claims it for this key")
	case claimed != key.Fingerprint():
		return failed("CONTACT_HASH_KEY is not the key this ledger was written with, so that everybody in it would be a stranger and no worker becomes ready",
			"gcloud secrets versions list contact-hash-key-"+p.name()+p.project()+"   # find the version that it was written with, then make it the newest:",
			"gcloud secrets versions access N --secret contact-hash-key-"+p.name()+p.project()+" | gcloud secrets versions add contact-hash-key-"+p.name()+p.project()+" --data-file=-")
	default:
		return ok("CONTACT_HASH_KEY is the key this ledger was written with")
	}
}
