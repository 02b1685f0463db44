"""The AWS services, one package each, named as boto3 names them. Found by folder: adding one edits no list."""
