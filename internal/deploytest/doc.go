// Package deploytest runs the scripts of a deployment: with a gcloud and a docker
// that keep in a file what Cloud Run and a registry would, and a real pair of services
// behind the addresses that are tried. It also holds cloudbuild.yaml against Cloud
// Build's own schema, and against the scripts that it names.
package deploytest
