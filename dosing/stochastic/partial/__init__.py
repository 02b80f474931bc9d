"""A tumour whose composition is not seen: only its size, with noise, at visits."""
