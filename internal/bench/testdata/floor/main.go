// Command floor answers /health and links the clients that the services link:
// what a program of this kind weighs before it does anything.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	cloudtasks "cloud.google.com/go/cloudtasks/apiv2"
	firestore "cloud.google.com/go/firestore/apiv1"
	secretmanager "cloud.google.com/go/secretmanager/apiv1"
	"github.com/redis/go-redis/v9"
	"google.golang.org/api/option"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	// The clients are made, so that the linker keeps them, and never used.
	offline := []option.ClientOption{
		option.WithEndpoint("127.0.0.1:9"), option.WithoutAuthentication(), option.WithTelemetryDisabled(),
	}
	if _, err := cloudtasks.NewClient(ctx, offline...); err != nil {
		return err
	}
	if _, err := firestore.NewClient(ctx, offline...); err != nil {
		return err
	}
	if _, err := secretmanager.NewClient(ctx, offline...); err != nil {
		return err
	}
	_ = redis.NewClient(&redis.Options{Addr: "127.0.0.1:9"})

	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"status":"healthy"}`)) })
	mux.HandleFunc("GET /ready", func(http.ResponseWriter, *http.Request) {})
	server := &http.Server{Addr: "127.0.0.1:" + os.Getenv("PORT"), Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		return err
	}
	return nil
}
