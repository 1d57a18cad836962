// The pages work without this.
