"""The operations of Amazon S3 Control, one class per noun; service.py composes them."""
