package provision

import "midgard/internal/governance"

// Generate makes a password by what the source's configuration says.
func Generate(src *governance.Source) (string, error) {
	r, err := passwordRules(src)
	if err != nil {
		return "", err
	}
	return r.generate(), nil
}
