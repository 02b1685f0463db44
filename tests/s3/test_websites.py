"""Static websites, as a browser sees them under BUCKET.s3-website.localhost."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from tests.s3.answers import plain, refusal
from tests.s3.strangers import fetch, open_up, policy


@pytest.fixture
def visit(s3, bucket):
    """Fetch a path of the website: `visit("/", method="HEAD")`."""
    port = urlsplit(s3.meta.endpoint_url).port

    def go(path="/", *, name=bucket, **options):
        return fetch(s3.meta.endpoint_url, path, host=f"{name}.s3-website.localhost:{port}", **options)

    return go


@pytest.fixture
def site(s3, bucket):
    """A public website with an index and an error document, whose missing pages may be told from forbidden ones."""
    open_up(s3, bucket)
    listing = {"Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}"}
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, {}, listing))
    for key in ("index.html", "docs/index.html", "error.html", "page.html"):
        s3.put_object(Bucket=bucket, Key=key, Body=f"<p>{key}</p>".encode(), ContentType="text/html")
    configure(s3, bucket, IndexDocument={"Suffix": "index.html"}, ErrorDocument={"Key": "error.html"})
    return bucket


def configure(s3, bucket, **configuration):
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=configuration)


def test_the_configuration_is_kept_and_deleted(s3, bucket):
    missing = refusal(s3.get_bucket_website, Bucket=bucket)
    configuration = {
        "IndexDocument": {"Suffix": "index.html"},
        "RoutingRules": [
            {
                "Condition": {"KeyPrefixEquals": "a/"},
                "Redirect": {"ReplaceKeyPrefixWith": "b/", "HttpRedirectCode": "302"},
            }
        ],
    }
    configure(s3, bucket, **configuration)
    shown = plain(s3.get_bucket_website(Bucket=bucket))
    s3.delete_bucket_website(Bucket=bucket)

    assert (missing["Code"], missing["BucketName"], missing["status"]) == ("NoSuchWebsiteConfiguration", bucket, 404)
    assert shown == configuration
    assert refusal(s3.get_bucket_website, Bucket=bucket)["Code"] == "NoSuchWebsiteConfiguration"


@pytest.mark.parametrize(
    ("configuration", "code"),
    [
        ({}, "InvalidArgument"),
        ({"IndexDocument": {"Suffix": ""}}, "InvalidArgument"),
        ({"IndexDocument": {"Suffix": "a/b"}}, "InvalidArgument"),
        ({"IndexDocument": {"Suffix": "i"}, "ErrorDocument": {"Key": ""}}, "InvalidArgument"),
        ({"RedirectAllRequestsTo": {"HostName": "h"}, "IndexDocument": {"Suffix": "i"}}, "InvalidArgument"),
        ({"RedirectAllRequestsTo": {"HostName": "h", "Protocol": "ftp"}}, "InvalidRequest"),
        ({"RedirectAllRequestsTo": {"Protocol": "http"}}, "MalformedXML"),
        ({"IndexDocument": {"Suffix": "i"}, "RoutingRules": [{"Condition": {"KeyPrefixEquals": "a"}}]}, "MalformedXML"),
        (
            {
                "IndexDocument": {"Suffix": "i"},
                "RoutingRules": [{"Redirect": {"ReplaceKeyWith": "a", "ReplaceKeyPrefixWith": "b"}}],
            },
            "InvalidRequest",
        ),
        (
            {"IndexDocument": {"Suffix": "i"}, "RoutingRules": [{"Redirect": {"HttpRedirectCode": "300"}}]},
            "InvalidRequest",
        ),
        (
            {
                "IndexDocument": {"Suffix": "i"},
                "RoutingRules": [
                    {"Condition": {"HttpErrorCodeReturnedEquals": "200"}, "Redirect": {"ReplaceKeyWith": "a"}}
                ],
            },
            "InvalidRequest",
        ),
        (
            {"IndexDocument": {"Suffix": "i"}, "RoutingRules": [{"Redirect": {"ReplaceKeyWith": "a"}}] * 51},
            "InvalidRequest",
        ),
    ],
)
def test_configurations_that_s3_does_not_take(s3, bucket, configuration, code):
    assert refusal(s3.put_bucket_website, Bucket=bucket, WebsiteConfiguration=configuration)["Code"] == code


@pytest.mark.spec("storage:S3-89")
def test_index_documents_are_served(site, visit):
    home, page, folder = visit("/"), visit("/page.html"), visit("/docs/")

    assert (home.status, home.body, home.headers["content-type"]) == (200, "<p>index.html</p>", "text/html")
    assert (page.status, page.body) == (200, "<p>page.html</p>")
    assert (folder.status, folder.body) == (200, "<p>docs/index.html</p>")
    assert home.headers["etag"]
    assert home.headers["x-amz-request-id"]


@pytest.mark.spec("storage:S3-89")
def test_a_folder_without_its_slash_is_redirected(site, visit):
    answer = visit("/docs")
    assert (answer.status, answer.headers["location"], answer.body) == (302, "/docs/", "")


@pytest.mark.spec("storage:S3-89")
def test_a_missing_page_shows_the_error_document(site, visit, s3):
    custom = visit("/missing.html")
    configure(s3, site, IndexDocument={"Suffix": "index.html"})
    plain_page = visit("/missing.html")
    configure(s3, site, IndexDocument={"Suffix": "index.html"}, ErrorDocument={"Key": "gone.html"})
    both_missing = visit("/missing.html")

    assert (custom.status, custom.body) == (404, "<p>error.html</p>")
    assert plain_page.status == 404
    assert plain_page.headers["content-type"].startswith("text/html")
    assert plain_page.body.startswith(
        "<html>\n<head><title>404 Not Found</title></head>\n<body>\n<h1>404 Not Found</h1>\n"
    )
    assert (
        "<li>Code: NoSuchKey</li>\n<li>Message: The specified key does not exist.</li>\n<li>Key: missing.html</li>"
        in plain_page.body
    )
    assert "<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>" in both_missing.body
    assert "<li>Key: gone.html</li>" in both_missing.body


@pytest.mark.spec("storage:S3-89")
def test_a_website_needs_public_read(s3, bucket, visit):
    s3.put_object(Bucket=bucket, Key="index.html", Body=b"x")
    configure(s3, bucket, IndexDocument={"Suffix": "index.html"})
    shut = visit("/")
    open_up(s3, bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, {}))
    unlisted = visit("/missing")

    assert (shut.status, "<li>Code: AccessDenied</li>" in shut.body) == (403, True)
    assert visit("/").status == 200
    assert unlisted.status == 403  # nobody may list, so nobody learns that it is missing


def test_no_website_and_no_bucket(s3, bucket, visit):
    none = visit("/")
    nowhere = visit("/", name="no-such-bucket-here")

    assert (none.status, "<li>Code: NoSuchWebsiteConfiguration</li>" in none.body) == (404, True)
    assert f"<li>BucketName: {bucket}</li>" in none.body
    assert (nowhere.status, "<li>Code: NoSuchBucket</li>" in nowhere.body) == (404, True)


@pytest.mark.spec("storage:S3-90")
def test_everything_can_be_redirected(s3, bucket, visit):
    configure(s3, bucket, RedirectAllRequestsTo={"HostName": "www.example.com", "Protocol": "https"})

    assert visit("/").headers["location"] == "https://www.example.com/"
    deep = visit("/a%20b/c")
    assert (deep.status, deep.headers["location"]) == (301, "https://www.example.com/a%20b/c")


def test_routing_rules(site, visit, s3):
    rules = [
        {"Condition": {"KeyPrefixEquals": "old/"}, "Redirect": {"ReplaceKeyPrefixWith": "docs/"}},
        {
            "Condition": {"KeyPrefixEquals": "one"},
            "Redirect": {"ReplaceKeyWith": "page.html", "HttpRedirectCode": "307"},
        },
        {
            "Condition": {"HttpErrorCodeReturnedEquals": "404"},
            "Redirect": {"HostName": "search.example.com", "Protocol": "https"},
        },
    ]
    configure(s3, site, IndexDocument={"Suffix": "index.html"}, RoutingRules=rules)
    host = f"{site}.s3-website.localhost:{urlsplit(s3.meta.endpoint_url).port}"

    moved, single, missing = visit("/old/index.html"), visit("/one"), visit("/nowhere")

    assert (moved.status, moved.headers["location"]) == (301, f"http://{host}/docs/index.html")
    assert (single.status, single.headers["location"]) == (307, f"http://{host}/page.html")
    assert (missing.status, missing.headers["location"]) == (301, "https://search.example.com/nowhere")
    assert visit("/page.html").status == 200


def test_an_object_can_redirect(site, visit, s3):
    s3.put_object(Bucket=site, Key="moved", WebsiteRedirectLocation="/page.html")
    answer = visit("/moved")

    assert (answer.status, answer.headers["location"]) == (301, "/page.html")
    refused = refusal(s3.put_object, Bucket=site, Key="x", WebsiteRedirectLocation="page.html")
    assert refused["Code"] == "InvalidRedirectLocation"


def test_heads_conditions_and_ranges(site, visit):
    head = visit("/page.html", method="HEAD")
    etag = visit("/page.html").headers["etag"]
    unchanged = visit("/page.html", If_None_Match=etag)
    part = visit("/page.html", Range="bytes=3-6")
    gone = visit("/gone", method="HEAD")

    assert (head.status, head.body, head.headers["content-length"]) == (200, "", "16")
    assert (unchanged.status, unchanged.body) == (304, "")
    assert (part.status, part.body, part.headers["content-range"]) == (206, "page", "bytes 3-6/16")
    assert (gone.status, gone.body) == (404, "")


@pytest.mark.spec("storage:S3-102")
def test_nobody_pays_for_a_website(site, visit, s3):
    s3.put_bucket_request_payment(Bucket=site, RequestPaymentConfiguration={"Payer": "Requester"})
    assert visit("/").status == 403


def test_only_reading_is_allowed(site, visit):
    for method in ("PUT", "POST", "DELETE"):
        assert visit("/x", method=method, body=b"x").status == 405


def test_what_a_page_shows_is_escaped(site, visit, s3):
    configure(s3, site, IndexDocument={"Suffix": "index.html"})
    assert "<script>" not in visit("/%3Cscript%3E").body


def test_pages_of_other_origins_see_a_website_by_its_rules(site, visit, s3):
    rule = {"AllowedOrigins": ["https://app.example.com"], "AllowedMethods": ["GET"]}
    s3.put_bucket_cors(Bucket=site, CORSConfiguration={"CORSRules": [rule]})
    answer = visit("/", Origin="https://app.example.com")
    preflight = visit("/", method="OPTIONS", Origin="https://app.example.com", Access_Control_Request_Method="GET")

    assert answer.headers["access-control-allow-origin"] == "https://app.example.com"
    assert preflight.status == 200
