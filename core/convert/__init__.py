"""Authors' weight files in, our ONNX files out; for builds and imports only."""
