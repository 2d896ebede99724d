package config

// Ingress is what the ingress is told.
type Ingress struct {
	Common
	// VerifyToken answers Meta's challenge.
	VerifyToken Secret
	// AppSecrets sign webhooks, at least one; more while one is being rotated.
	AppSecrets []Secret
	Flow       Flow
}

// Flow tells how WhatsApp Flows are opened.
type Flow struct {
	Enabled bool
	// PrivateKey is a PEM block; it is set when Enabled.
	PrivateKey Secret
	// Passphrase may be unset.
	Passphrase Secret
}

// LoadIngress reads the ingress's settings from an environment in the form of
// os.Environ; of a name given twice the last value counts, and an empty value
// is an unset one. The error, if any, is a [*Faults] with everything wrong.
func LoadIngress(environ []string) (Ingress, []Warning, error) {
	r := newReader(environ, ingress)
	c := Ingress{
		Common:      readCommon(r),
		VerifyToken: r.secret("WHATSAPP_VERIFY_TOKEN"),
		AppSecrets:  r.secrets(appSecretName(r)),
		Flow: Flow{
			Enabled:    r.flag("WHATSAPP_FLOW_ENDPOINT_ENABLED"),
			PrivateKey: r.secret("FLOW_PRIVATE_KEY"),
			Passphrase: r.secret("FLOW_PRIVATE_KEY_PASSPHRASE"),
		},
	}
	if c.Flow.Enabled {
		r.require("FLOW_PRIVATE_KEY")
	}
	if err := r.err(); err != nil {
		return Ingress{}, r.warnings, err
	}
	c.settings, c.references = r.settings, r.references
	return c, r.warnings, nil
}

// appSecretName is the variable that holds the app secrets: its own name, or
// the older one where only that is set.
func appSecretName(r *reader) string {
	const name, older = "WHATSAPP_APP_SECRET", "WHATSAPP_WEBHOOK_SECRET"
	if !r.isSet(older) {
		return name
	}
	if !r.isSet(name) {
		return older
	}
	if r.values[name] != r.values[older] {
		r.warn(older, "is ignored because "+name+" is set; remove it, or list both secrets in "+name)
	}
	return name
}
