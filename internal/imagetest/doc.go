// Package imagetest starts the images of both services as the platform does and
// has one signed message answered by them.
//
// It is told which images by its flags, builds nothing, and asks each for what
// it promises: that it holds one program, certificate authorities and nothing
// that can be run beside; that it runs as nobody, on a root that cannot be
// written, without a capability and on the port it is given; that a wrong
// environment ends it with code 2 and a request to stop with code 0.
//
// Redis and Firestore are the real ones where they can be had; the queue, Meta
// and the model live in the test. The tests need images, and an engine or root, so
// they carry the build tag "images" and have a script of their own,
// scripts/images.sh, which also looks at sizes and whether a second build gives
// the same program.
package imagetest
