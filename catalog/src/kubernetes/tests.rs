use super::*;

/// The request of an address, its query included, in one line.
fn read(method: &str, address: &str) -> String {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let pairs: Vec<(&str, &str)> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
    let parameter = |name: &str| pairs.iter().find(|(own, _)| *own == name).map(|(_, value)| Some(*value));
    let Some(Reading { request, version }) = Request::read(method, path, parameter) else {
        return "not understood".to_owned();
    };
    match request.target {
        Target::Url(url) => format!("{} {url}", request.verb),
        Target::Resource(asked) => format!(
            "{} {}|{version}|{}|{}|{}|{}",
            request.verb, asked.group, asked.namespace, asked.resource, asked.subresource, asked.name
        ),
    }
}

#[test]
fn an_address_is_read_as_the_server_does() {
    for (method, address, expected) in [
        ("GET", "/api/v1/namespaces", "list |v1||namespaces||"),
        ("GET", "/api/v1/namespaces/other", "get |v1|other|namespaces||other"),
        ("GET", "/api/v1/namespaces/other/pods", "list |v1|other|pods||"),
        ("GET", "/api/v1/namespaces/other/pods/foo", "get |v1|other|pods||foo"),
        ("HEAD", "/api/v1/namespaces/other/pods/foo", "get |v1|other|pods||foo"),
        ("GET", "/api/v1/pods", "list |v1||pods||"),
        ("HEAD", "/api/v1/pods", "list |v1||pods||"),
        ("GET", "/api/v1/pods/", "list |v1||pods||"),
        ("GET", "/api/v1/nodes/n", "get |v1||nodes||n"),
        ("GET", "/api/v1/proxy/namespaces/other/pods/foo", "proxy |v1|other|pods||foo"),
        ("GET", "/api/v1/proxy/namespaces/other/pods/foo/sub/path", "proxy |v1|other|pods||foo"),
        ("GET", "/api/v1/watch/pods", "watch |v1||pods||"),
        ("GET", "/api/v1/pods?watch=true", "watch |v1||pods||"),
        ("GET", "/api/v1/pods?watch=1", "watch |v1||pods||"),
        ("GET", "/api/v1/pods?watch=", "watch |v1||pods||"),
        ("GET", "/api/v1/pods?watch=false", "list |v1||pods||"),
        ("GET", "/api/v1/pods?watch=FALSE", "list |v1||pods||"),
        ("GET", "/api/v1/pods?watch=0", "list |v1||pods||"),
        ("GET", "/api/v1/watch/namespaces/other/pods", "watch |v1|other|pods||"),
        ("GET", "/api/v1/namespaces/other/pods?watch=1", "watch |v1|other|pods||"),
        ("GET", "/api/v1/namespaces/other/pods?fieldSelector=metadata.name=p", "list |v1|other|pods||p"),
        (
            "GET",
            "/api/v1/namespaces/other/pods?fieldSelector=metadata.name=p&watch=1",
            "watch |v1|other|pods||p",
        ),
        (
            "GET",
            "/api/v1/namespaces/other/pods?fieldSelector=spec.x=1,metadata.name==p",
            "list |v1|other|pods||p",
        ),
        ("GET", "/api/v1/namespaces/other/pods?fieldSelector=metadata.name=..", "list |v1|other|pods||"),
        ("GET", "/api/v1/namespaces/other/pods?fieldSelector=metadata.namespace=x", "list |v1|other|pods||"),
        (
            "DELETE",
            "/api/v1/namespaces/other/pods?fieldSelector=metadata.name=p",
            "deletecollection |v1|other|pods||",
        ),
        ("GET", "/api/v1/namespaces/other/pods/foo/status", "get |v1|other|pods|status|foo"),
        ("GET", "/api/v1/namespaces/other/pods/foo/proxy/sub/path", "get |v1|other|pods|proxy|foo"),
        ("PUT", "/api/v1/namespaces/other/finalize", "update |v1|other|namespaces|finalize|other"),
        ("PUT", "/api/v1/namespaces/other/status", "update |v1|other|namespaces|status|other"),
        (
            "POST",
            "/api/v1/namespaces/other/serviceaccounts/web/token",
            "create |v1|other|serviceaccounts|token|web",
        ),
        ("PATCH", "/api/v1/namespaces/other/pods/foo", "patch |v1|other|pods||foo"),
        ("DELETE", "/api/v1/namespaces/other/pods/foo", "delete |v1|other|pods||foo"),
        ("POST", "/api/v1/namespaces/other/pods", "create |v1|other|pods||"),
        ("DELETE", "/api/v1/nodes", "deletecollection |v1||nodes||"),
        ("DELETE", "/api/v1/namespaces", "deletecollection |v1||namespaces||"),
        ("DELETE", "/api/v1/namespaces/other/pods", "deletecollection |v1|other|pods||"),
        (
            "DELETE",
            "/apis/extensions/v1/namespaces/other/pods",
            "deletecollection extensions|v1|other|pods||",
        ),
        ("POST", "/apis/extensions/v1beta3/namespaces/other/pods", "create extensions|v1beta3|other|pods||"),
        ("GET", "/", "get /"),
        ("GET", "", "get "),
        ("GET", "/api", "get /api"),
        ("GET", "/api/v1", "get /api/v1"),
        ("GET", "/apis", "get /apis"),
        ("GET", "/apis/group", "get /apis/group"),
        ("GET", "/apis/group/version", "get /apis/group/version"),
        ("GET", "/apis/group/version/resources", "list group|version||resources||"),
        ("GET", "/api/v1/namespaces/other/pods?watch=0", "list |v1|other|pods||"),
        (
            "GET",
            "/api/v1/proxy/namespaces/other/pods/foo/subpath/not/a/subresource",
            "proxy |v1|other|pods||foo",
        ),
        ("POST", "/apis/extensions/v1/namespaces/other/pods", "create extensions|v1|other|pods||"),
        ("GET", "/apis/g/v/r?fieldSelector=metadata.name=n", "list g|v||r||n"),
        ("GET", "/apis/g/v/r?watch=true&fieldSelector=metadata.name=n", "watch g|v||r||n"),
        ("GET", "/apis/g/v/r?fieldSelector=foo=bar", "list g|v||r||"),
        ("GET", "/apis/g/v/r?fieldSelector=metadata.name=n,foo", "list g|v||r||"),
        ("GET", "/apis/g/v/r?fieldSelector=metadata.name=n,foo&watch=true", "watch g|v||r||"),
        ("GET", "/apis/g/v/r?fieldSelector=metadata.name=n,foo&watch=false", "list g|v||r||"),
        ("GET", "/api/version/", "get /api/version/"),
        ("GET", "/apis/group/version/", "get /apis/group/version/"),
        ("GET", "/badprefix/version/resource", "get /badprefix/version/resource"),
        ("GET", "/apis/version/resource", "get /apis/version/resource"),
        ("GET", "/api/version/resource", "list |version||resource||"),
        ("GET", "/apis/group/version/resource/name/sub", "get group|version||resource|sub|name"),
        ("GET", "/api/version/resource/name/sub", "get |version||resource|sub|name"),
        ("GET", "/apis/batch/v1/job", "list batch|v1||job||"),
        ("GET", "/apis/batch/v1/job/foo", "get batch|v1||job||foo"),
        ("GET", "/apis/batch/v1/job/foo/scale", "get batch|v1||job|scale|foo"),
        ("GET", "/apis/extensions/v1beta1", "get /apis/extensions/v1beta1"),
        ("GET", "/apis/extensions/v1beta1/", "get /apis/extensions/v1beta1/"),
        ("GET", "/api/version", "get /api/version"),
        ("POST", "/healthz/", "post /healthz/"),
        ("HEAD", "/metrics", "head /metrics"),
        ("GET", "/other/api/v1/pods", "get /other/api/v1/pods"),
        ("BREW", "/api/v1/pods", "not understood"),
        ("GET", "/api/v1/watch", "not understood"),
        ("GET", "/api/v1/a b", "not understood"),
    ] {
        assert_eq!(read(method, address), expected, "{method} {address}");
    }
}

proptest::proptest! {
    #[test]
    fn any_address_is_read(method in "[A-Z]{0,7}", address in "(/(api|apis|v1|watch|namespaces|[ -~]{0,4})){0,9}") {
        let _ = read(&method, &address);
    }
}
