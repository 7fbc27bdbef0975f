package main

import (
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"midgard/internal/config"
)

const configHelp = "Settings come from flags, from the environment, from a YAML file (--config or MIDGARD_CONFIG) and from defaults,\n" +
	"in this order of precedence. midgard config prints the outcome."

// settingFlags adds the flags of the server's settings to a verb.
func settingFlags(flags *pflag.FlagSet) {
	flags.String("config", "", "YAML file with settings ("+config.FileEnv+")")
	for _, s := range config.Settings() {
		if s.Flag() == "" {
			continue
		}
		help := strings.ReplaceAll(s.Help, "`", "") + " (" + s.Env() + ")"
		flags.Var(&settingValue{text: s.Default, isSwitch: s.Switch}, s.Flag(), help)
		if s.Switch {
			flags.Lookup(s.Flag()).NoOptDefVal = "true"
		}
	}
}

// loadSettings makes the configuration of the flags that were given.
func (p *program) loadSettings(cmd *cobra.Command) (config.Config, error) {
	given := map[string]string{}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if _, isSetting := f.Value.(*settingValue); isSetting {
			given[f.Name] = f.Value.String()
		}
	})
	path, err := cmd.Flags().GetString("config")
	if err != nil {
		return config.Config{}, err
	}
	return config.Load(path, p.getenv, given)
}

// settingValue keeps the text of a flag as it was given: the configuration judges it together with the other layers.
type settingValue struct {
	text     string
	isSwitch bool
}

func (v *settingValue) String() string { return v.text }

func (v *settingValue) Set(text string) error {
	v.text = text
	return nil
}

func (v *settingValue) Type() string {
	if v.isSwitch {
		return "bool"
	}
	return "string"
}

// newLogger is configured by values that Load has checked.
func newLogger(cfg config.Config, out io.Writer) *slog.Logger {
	levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
	options := &slog.HandlerOptions{Level: levels[cfg.LogLevel]}
	if cfg.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(out, options))
	}
	return slog.New(slog.NewTextHandler(out, options))
}
