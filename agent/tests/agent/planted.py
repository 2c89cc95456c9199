"""Calls in which secrets are wherever secrets are found; each is `canary`, a word, and what the caller gave.

Started with a port and the end of the words.
"""

import http.client
import ssl
import sys

port, end = int(sys.argv[1]), sys.argv[2]


def canary(place):
    return f"canary{place}{end}"


connection = http.client.HTTPSConnection("127.0.0.1", port, context=ssl._create_unverified_context(), timeout=20)


def call(method, path, body=None, headers={}):
    connection.request(method, path, body, headers)
    connection.getresponse().read()


scope = "Credential=AKIAIOSFODNN7EXAMPLE/20261128/eu-west-1"
for number in range(50):
    call("GET", f"/secrets/{number}?token={canary('Query')}&{canary('Bare')}", None, {
        "Authorization": f"Bearer {canary('Bearer')}",
        "Cookie": f"session={canary('Cookie')}",
        "X-Api-Key": canary("Header"),
        canary("Name"): "x",
        "User-Agent": canary("Agent"),
        "Referer": f"https://x/?{canary('Referer')}",
    })
    call("GET", f"/hooks/T0{number}/{canary('Path')}/sig:{canary('Signature')}")
    call("GET", f"/bucket/key?X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20261128%2Feu-west-1%2Fs3%2Faws4_request"
                f"&X-Amz-Signature={canary('Presigned')}&X-Amz-Security-Token={canary('Session')}")
    call("POST", "/", f'{{"Key": "{canary("Json")}"}}', {
        "Authorization": f"AWS4-HMAC-SHA256 {scope}/dynamodb/aws4_request, SignedHeaders=host, "
                         f"Signature={canary('Aws')}",
        "X-Amz-Security-Token": canary("Token"),
        "X-Amz-Target": "DynamoDB_20120810.GetItem",
    })
    call("POST", "/", f"Action=GetSessionToken&TokenCode={canary('Form')}&Version=2011-06-15", {
        "Authorization": f"AWS4-HMAC-SHA256 {scope}/sts/aws4_request, SignedHeaders=host, Signature={canary('Aws')}",
        "Content-Type": "application/x-www-form-urlencoded",
    })
    call("POST", "/mcp", f'{{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {{"name": "search", '
                         f'"arguments": {{"q": "{canary("Tool")}"}}}}}}', {"Content-Type": "application/json"})
    # More than one event holds.
    call("GET", f"/long/{number}", None, {"X-Long": canary("Long") * 200})
