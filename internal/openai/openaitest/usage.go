package openaitest

import "slices"

// What OpenAI's guide to prompt caching says: a prefix counts from 1,024
// tokens on, in steps of 128. Tokens are reckoned at four bytes each.
const (
	cacheFloor    = 1024
	cacheStep     = 128
	bytesPerToken = 4
)

// Bounds of what the stand-in remembers of prompts.
const (
	maxCacheKeys  = 32
	maxCacheBytes = 128 << 10
)

type cachedPrompt struct{ key, prefix string }

// promptCache remembers the newest prompt of each cache key.
type promptCache struct{ prompts []cachedPrompt }

// tokens is the size of the prompt, and how much of it a provider that saw the
// same beginning before would have had in its cache.
func (c *promptCache) tokens(r Request) (all, cached int) {
	// The schema is part of the prefix: it is set before the system message.
	prompt := r.SchemaName + "\x00" + string(r.Schema)
	for _, m := range r.Messages {
		prompt += "\x00" + m.Role + "\x00" + m.Content
	}
	all = (len(prompt) + bytesPerToken - 1) / bytesPerToken
	key := r.Model + "\x00" + r.CacheKey
	at := slices.IndexFunc(c.prompts, func(p cachedPrompt) bool { return p.key == key })
	if at >= 0 {
		common := commonPrefix(c.prompts[at].prefix, prompt) / bytesPerToken
		if common >= cacheFloor {
			cached = common / cacheStep * cacheStep
		}
		c.prompts = slices.Delete(c.prompts, at, at+1)
	}
	c.prompts = append(c.prompts, cachedPrompt{key: key, prefix: prompt[:min(len(prompt), maxCacheBytes)]})
	if len(c.prompts) > maxCacheKeys {
		c.prompts = slices.Delete(c.prompts, 0, len(c.prompts)-maxCacheKeys)
	}
	return all, cached
}

func commonPrefix(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
