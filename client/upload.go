package client

import (
	"context"
	"io"
	"mime/multipart"
	"net/http"
)

// Upload posts a file as the part "file" of a form, with further fields beside it. The file is streamed, so that its
// size does not matter; therefore the request is sent once only. content may be nil for a form without a file.
func (c *Client) Upload(ctx context.Context, path, name string, content io.Reader, fields map[string]string, into any) error {
	token, err := c.Token(ctx)
	if err != nil {
		return err
	}
	out, in := io.Pipe()
	form := multipart.NewWriter(in)
	go func() { in.CloseWithError(writeForm(form, name, content, fields)) }()
	// Whatever ends the request early also ends the goroutine that writes into the pipe.
	defer func() { _ = out.Close() }()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, out)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", form.FormDataContentType())
	_, err = c.exchange(request, token, into)
	return err
}

func writeForm(form *multipart.Writer, name string, content io.Reader, fields map[string]string) error {
	for field, value := range fields {
		if err := form.WriteField(field, value); err != nil {
			return err
		}
	}
	if content != nil {
		part, err := form.CreateFormFile("file", name)
		if err != nil {
			return err
		}
		if _, err := io.Copy(part, content); err != nil {
			return err
		}
	}
	return form.Close()
}
