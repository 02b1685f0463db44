"""The operations of Amazon S3, one class per noun; service.py composes them."""
