namespace OciTools;

/// <summary>Every error id of OciTools. An id is never renamed and never gets a new meaning.</summary>
public static class ErrorCatalogue
{
    // names
    /// <summary>The name of an image does not follow the grammar.</summary>
    public static ErrorDefinition InvalidImageName { get; } = new("InvalidImageName", ErrorKind.InvalidName,
        "Write it as [registry/]repository[:tag][@digest], as transport:name, or as a path that starts with ./, ../, / or a drive.");

    /// <summary>A digest is not sha256, sha384 or sha512 with lower-case hex of the exact length.</summary>
    public static ErrorDefinition InvalidDigest { get; } = new("InvalidDigest", ErrorKind.InvalidName,
        "Write it as sha256: and 64 lower-case hexadecimal digits (96 for sha384, 128 for sha512).");

    /// <summary>A platform is not os/architecture[/variant].</summary>
    public static ErrorDefinition InvalidPlatform { get; } = new("InvalidPlatform", ErrorKind.InvalidName,
        "Write it as os/architecture[/variant], such as linux/arm64/v8 or windows/amd64:10.0.20348.1.");

    /// <summary>A layer is neither an index of the image nor the digest of one of its layers.</summary>
    public static ErrorDefinition InvalidLayer { get; } = new("InvalidLayer", ErrorKind.InvalidName,
        "Name a layer by its index from the bottom, starting with 0, or by its digest or diff id; Get-ImageLayer lists them.");

    /// <summary>A path inside an image cannot be one.</summary>
    public static ErrorDefinition InvalidFilePath { get; } = new("InvalidFilePath", ErrorKind.InvalidName,
        "Write it as /etc/os-release or as a pattern such as /usr/lib/**/*.so; * and ? stay within a segment, ** crosses.");

    /// <summary>A condition on what is cleared is none, or does not fit the place.</summary>
    public static ErrorDefinition InvalidFilter { get; } = new("InvalidFilter", ErrorKind.InvalidName,
        "Write it as kind=KIND, reference=PATTERN, label=KEY or label=KEY=VALUE; != instead of = leaves out what fits.");

    /// <summary>Two parameters were given that exclude each other.</summary>
    public static ErrorDefinition ParameterConflict { get; } = new("ParameterConflict", ErrorKind.InvalidName,
        "Leave one of them out.");

    /// <summary>The login cannot be sent: a part of it is empty, or has a character that none may have.</summary>
    public static ErrorDefinition InvalidCredential { get; } = new("InvalidCredential", ErrorKind.InvalidName,
        "Give the user and the password, access token or identity token as the registry has given them out.");

    // not there
    /// <summary>The registry knows no such repository, tag or manifest; or the layout, archive or engine has no such image.</summary>
    public static ErrorDefinition ImageNotFound { get; } = new("ImageNotFound", ErrorKind.NotFound,
        "Check the spelling of the name and the tag, and that the account may see the repository.");

    /// <summary>A blob that a document names is not in its place.</summary>
    public static ErrorDefinition BlobNotFound { get; } = new("BlobNotFound", ErrorKind.NotFound,
        "The image is incomplete where it lies; fetch or push it again.");

    /// <summary>There is no image for the platform.</summary>
    public static ErrorDefinition PlatformNotFound { get; } = new("PlatformNotFound", ErrorKind.NotFound,
        "Name one of the listed platforms with -Platform.");

    /// <summary>The layer is not in the image.</summary>
    public static ErrorDefinition LayerNotFound { get; } = new("LayerNotFound", ErrorKind.NotFound,
        "Get-ImageLayer lists the layers of the image.");

    /// <summary>The image has no such file.</summary>
    public static ErrorDefinition FileNotFound { get; } = new("FileNotFound", ErrorKind.NotFound,
        "Get-ImageFile lists the files of the image; upper and lower case are different.");

    /// <summary>The path inside the image is not a regular file, so it has no content.</summary>
    public static ErrorDefinition NotAFile { get; } = new("NotAFile", ErrorKind.Unsupported,
        "Get-ImageFile shows what lies there.");

    /// <summary>The place holds several images and the name does not say which.</summary>
    public static ErrorDefinition AmbiguousImage { get; } = new("AmbiguousImage", ErrorKind.NotFound,
        "Add one of the listed names, or @N for the position; Get-Image -LiteralPath lists them as objects.");

    /// <summary>The image has no manifest where it lies.</summary>
    public static ErrorDefinition NoManifest { get; } = new("NoManifest", ErrorKind.NotFound,
        "Ask the registry by one of the digests that the image names, or use Get-ImageConfig, Get-ImageHistory and Get-ImageLayer here.");

    /// <summary>A file or directory is not there.</summary>
    public static ErrorDefinition PathNotFound { get; } = new("PathNotFound", ErrorKind.NotFound,
        "Check the path; relative paths start at the current location.");

    // content
    /// <summary>A document is not what its specification demands.</summary>
    public static ErrorDefinition MalformedDocument { get; } = new("MalformedDocument", ErrorKind.Malformed,
        "The image was not written to the specification; ask who built it, or look at the bytes with Get-ImageManifest -Raw.");

    /// <summary>A document can be read in two ways.</summary>
    public static ErrorDefinition AmbiguousDocument { get; } = new("AmbiguousDocument", ErrorKind.Malformed,
        "Do not use this image: another program may read it as something else under the same digest.");

    /// <summary>A layer, layout or archive breaks its format.</summary>
    public static ErrorDefinition MalformedContent { get; } = new("MalformedContent", ErrorKind.Malformed,
        "The content is damaged or was cut short; fetch it again.");

    /// <summary>The bytes have another digest.</summary>
    public static ErrorDefinition DigestMismatch { get; } = new("DigestMismatch", ErrorKind.Integrity,
        "Do not use these bytes: they were changed or damaged on the way or where they lie.");

    /// <summary>The bytes have another length.</summary>
    public static ErrorDefinition SizeMismatch { get; } = new("SizeMismatch", ErrorKind.Integrity,
        "Do not use these bytes: they were cut short, extended or damaged on the way or where they lie.");

    /// <summary>An index calls an image another platform than the image's config does.</summary>
    public static ErrorDefinition PlatformMismatch { get; } = new("PlatformMismatch", ErrorKind.Integrity,
        "Do not choose this image by its platform: the index that names it was put together wrongly, or to deceive.");

    /// <summary>Manifest and config of an image name another number of layers.</summary>
    public static ErrorDefinition LayerCountMismatch { get; } = new("LayerCountMismatch", ErrorKind.Integrity,
        "The image was not written to the specification, so its layers cannot be proved; ask who built it.");

    /// <summary>A document or answer is larger than allowed.</summary>
    public static ErrorDefinition TooLarge { get; } = new("TooLarge", ErrorKind.Refused,
        "No legitimate document of this kind is so large; check what the server or archive really holds.");

    /// <summary>The manifest is a Docker image manifest of schema 1.</summary>
    public static ErrorDefinition ManifestSchema1 { get; } = new("ManifestSchema1", ErrorKind.Unsupported,
        "Schema 1 was retired in 2019; pull and push the image once with a current engine to convert it.");

    /// <summary>The content is of an unknown kind.</summary>
    public static ErrorDefinition UnsupportedContent { get; } = new("UnsupportedContent", ErrorKind.Unsupported,
        "Get-ImageManifest -Raw shows the document as it is.");

    /// <summary>The place cannot be opened, or not for what was asked.</summary>
    public static ErrorDefinition UnsupportedPlace { get; } = new("UnsupportedPlace", ErrorKind.Unsupported,
        "Use a registry, docker-daemon:, oci:, oci-archive:, docker-archive: or a path.");

    /// <summary>The artifact is not a container image, so it has no such thing.</summary>
    public static ErrorDefinition NotAnImage { get; } = new("NotAnImage", ErrorKind.Unsupported,
        "Get-ImageManifest shows what the artifact holds.");

    /// <summary>The registry does not list its repositories, or not for this account.</summary>
    public static ErrorDefinition CatalogNotOffered { get; } = new("CatalogNotOffered", ErrorKind.Unsupported,
        "Most public registries list no repositories, others only for some accounts: log in or give -Credential, or name a repository and use Get-ImageTag.");

    /// <summary>The place does not remove this.</summary>
    public static ErrorDefinition RemovalNotOffered { get; } = new("RemovalNotOffered", ErrorKind.Unsupported,
        "Deletion is switched off in many registries; ask who runs it, or use the registry's own interface.");

    // access
    /// <summary>The registry wants credentials, or refused those it got.</summary>
    public static ErrorDefinition Unauthorized { get; } = new("Unauthorized", ErrorKind.Unauthorized,
        $"Give -Credential, or log in {LoginAdvice.Ways()}.");

    /// <summary>The account may not do this.</summary>
    public static ErrorDefinition Forbidden { get; } = new("Forbidden", ErrorKind.Forbidden,
        "Use an account that may do it, or ask who runs the registry.");

    /// <summary>The credential was given for the registry of the first image.</summary>
    public static ErrorDefinition CredentialForOtherRegistry { get; } = new("CredentialForOtherRegistry", ErrorKind.Refused,
        "Run the command once per registry, each with its own -Credential.");

    /// <summary>A credential would go where others can read it on the way.</summary>
    public static ErrorDefinition CredentialInClear { get; } = new("CredentialInClear", ErrorKind.Refused,
        "Reach the engine by a socket, a pipe or TLS; or copy without -UseEngine, so that the credential stays in this process.");

    /// <summary>A credential helper or a credentials file does not work.</summary>
    public static ErrorDefinition CredentialStoreFailed { get; } = new("CredentialStoreFailed", ErrorKind.Unauthorized,
        "Repair or remove the entry in the named file; no other source was tried, so that no credential goes to the wrong place.");

    /// <summary>There is no login to remove.</summary>
    public static ErrorDefinition LoginNotFound { get; } = new("LoginNotFound", ErrorKind.NotFound,
        "Get-ImageRegistry lists the registries that there is a login for.");

    /// <summary>The token server lies on a host that is not trusted with credentials.</summary>
    public static ErrorDefinition RealmNotTrusted { get; } = new("RealmNotTrusted", ErrorKind.Refused,
        "If that host belongs to the registry, add it with -TrustedRealm or in the environment variable OCITOOLS_TRUSTED_REALMS.");

    /// <summary>A redirect leads somewhere it must not.</summary>
    public static ErrorDefinition RedirectRefused { get; } = new("RedirectRefused", ErrorKind.Refused,
        "The registry is set up wrongly or is hostile; ask who runs it.");

    /// <summary>The next page of a list lies somewhere it must not.</summary>
    public static ErrorDefinition PageRefused { get; } = new("PageRefused", ErrorKind.Refused,
        "The registry, or a proxy before it, is set up wrongly or is hostile; ask who runs it.");

    /// <summary>A list goes on without bringing anything, or beyond every limit.</summary>
    public static ErrorDefinition EndlessList { get; } = new("EndlessList", ErrorKind.Refused,
        "What came before the error is what the registry listed; ask who runs it why its list does not end.");

    /// <summary>The certificate of the server does not hold.</summary>
    public static ErrorDefinition CertificateRefused { get; } = new("CertificateRefused", ErrorKind.Refused,
        "Put the CA into certs.d/HOST:PORT/ca.crt, or use -SkipCertificateCheck for a server you know.");

    /// <summary>Something would be lost that was not named, and nobody could be asked.</summary>
    public static ErrorDefinition ConfirmationNeeded { get; } = new("ConfirmationNeeded", ErrorKind.Refused,
        "Run it where it can ask. -Confirm:$false answers the question whether to go on, -Force the one about what would be lost with it.");

    // the other side
    /// <summary>There is no connection.</summary>
    public static ErrorDefinition ConnectionFailed { get; } = new("ConnectionFailed", ErrorKind.Unreachable,
        "Check host, port, proxy and network; for a registry without TLS use -PlainHttp.");

    /// <summary>No engine answers.</summary>
    public static ErrorDefinition EngineNotReachable { get; } = new("EngineNotReachable", ErrorKind.Unreachable,
        "Start Docker or Podman, or point DOCKER_HOST at its socket.");

    /// <summary>No answer came in time, or no more bytes of one.</summary>
    public static ErrorDefinition TimedOut { get; } = new("TimedOut", ErrorKind.Timeout,
        "Try again later, or check the network and the server.");

    /// <summary>There were too many requests.</summary>
    public static ErrorDefinition RateLimited { get; } = new("RateLimited", ErrorKind.RateLimited,
        LoginAdvice.AgainstLimit("Wait until the named time"));

    /// <summary>The server failed.</summary>
    public static ErrorDefinition ServerFailed { get; } = new("ServerFailed", ErrorKind.Unavailable,
        "Try again later, or ask who runs the server.");

    /// <summary>The registry has lost an upload, or does not take it any more.</summary>
    public static ErrorDefinition UploadLost { get; } = new("UploadLost", ErrorKind.Unavailable,
        "Try again; if it stays, ask who runs the registry whether its instances share a secret (http.secret) and its storage is in order.");

    /// <summary>An artifact is there, and the list of what refers to its subject does not name it.</summary>
    public static ErrorDefinition ReferrerNotListed { get; } = new("ReferrerNotListed", ErrorKind.Unavailable,
        "Others write the same list at the same time, or the registry does not keep it. Give the artifact a tag with Add-ImageTag, which lists it once more.");

    /// <summary>The answer does not follow the protocol.</summary>
    public static ErrorDefinition ProtocolViolation { get; } = new("ProtocolViolation", ErrorKind.Protocol,
        "Check that the host is a container registry and not a web page or a proxy in between.");

    // local files
    /// <summary>A file is there already.</summary>
    public static ErrorDefinition FileExists { get; } = new("FileExists", ErrorKind.Conflict,
        "Use -Force to replace it, or another destination.");

    /// <summary>A name stands for another image already.</summary>
    public static ErrorDefinition TagExists { get; } = new("TagExists", ErrorKind.Conflict,
        "Use -Force to take the name from that image, or another name.");

    /// <summary>Two images for the same platform were to go into one index.</summary>
    public static ErrorDefinition DuplicatePlatform { get; } = new("DuplicatePlatform", ErrorKind.Conflict,
        "Leave one of them out: an index holds one image for each platform.");

    /// <summary>A tag stands for another image than it did, or than was said.</summary>
    public static ErrorDefinition TagMoved { get; } = new("TagMoved", ErrorKind.Conflict,
        "Look what it stands for now with Get-ImageDigest; it was left alone.");

    /// <summary>A registry took more than was asked, and what it took could not be given back.</summary>
    public static ErrorDefinition TagsLost { get; } = new("TagsLost", ErrorKind.Conflict,
        "Give the tags back with Add-ImageTag or Copy-Image as soon as the registry allows it: the message says what they stood for.");

    /// <summary>What was removed is there when one looks again.</summary>
    public static ErrorDefinition NotRemoved { get; } = new("NotRemoved", ErrorKind.Conflict,
        "Look again in a while: some registries need time. If it stays, ask who runs the registry.");

    /// <summary>An engine does not let go of an image or of its build cache.</summary>
    public static ErrorDefinition ImageInUse { get; } = new("ImageInUse", ErrorKind.Conflict,
        "Remove the containers that were made from it, or the images that are built on it, first.");

    /// <summary>A directory that was to be replaced was not made by OciTools, or is not the one that it made.</summary>
    public static ErrorDefinition NotMadeByOciTools { get; } = new("NotMadeByOciTools", ErrorKind.Conflict,
        "Choose another destination, or remove the directory yourself: -Force replaces only what Expand-Image made.");

    /// <summary>A file cannot be read.</summary>
    public static ErrorDefinition ReadFailed { get; } = new("ReadFailed", ErrorKind.ReadFailed,
        "Check that the file is there and that you may read it.");

    /// <summary>A file cannot be written.</summary>
    public static ErrorDefinition WriteFailed { get; } = new("WriteFailed", ErrorKind.WriteFailed,
        "Check the free space and that you may write there.");

    /// <summary>Something failed in a way that nobody foresaw.</summary>
    public static ErrorDefinition InternalError { get; } = new("InternalError", ErrorKind.Defect,
        "This is a defect of OciTools: report it with the command and the output of Get-Error.");
}
