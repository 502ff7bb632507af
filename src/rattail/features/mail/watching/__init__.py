"""Looking now and then at what nobody looks at, and writing down what somebody has to hear of."""
