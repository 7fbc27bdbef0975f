package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"midgard/client"
)

func (p *program) sourceTestCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "test SOURCE",
		Short:             "Let the server connect to a source",
		Long:              "Test connects with the stored configuration and changes nothing. SOURCE is a name or an id.",
		Example:           "  midgard source test Directory",
		ValidArgsFunction: p.completeSource,
		Args:              arguments("SOURCE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			source, err := c.FindSource(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			millis, err := testSource(cmd.Context(), c, source.ID)
			if err != nil {
				return fmt.Errorf("source %s: %w", printable(source.Name), err)
			}
			_, err = fmt.Fprintf(p.stdout, "%s: the connection works (%d ms)\n", printable(source.Name), millis)
			return err
		},
	}
}

// testSource turns a failed test into an error that says what the source said.
func testSource(ctx context.Context, c *client.Client, id string) (millis int, err error) {
	outcome, err := c.TestSource(ctx, id)
	if err != nil {
		return 0, err
	}
	if outcome.Status != "SUCCESS" {
		return 0, errors.New(reason(outcome.Details))
	}
	return outcome.ElapsedMillis, nil
}

// reason finds the text in the details, whose keys the contract leaves open.
func reason(details json.RawMessage) string {
	row, err := readRow(details)
	if err != nil {
		return "the connection test failed"
	}
	for _, key := range []string{"error", "message", "exception", "reason"} {
		if text := plain(row.values[key]); text != "" {
			return printable(text)
		}
	}
	return "the connection test failed: " + printable(plain(details))
}
