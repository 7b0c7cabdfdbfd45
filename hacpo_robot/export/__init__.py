"""From a trained policy to one file that runs anywhere: graph, metadata, proof, runtime."""
