#Requires -Version 7.6
<#
.SYNOPSIS
    Makes images whose files are compared, entry by entry, with what other people's tools make of them.
.DESCRIPTION
    Dot-sourced, after New-TestImages.ps1. An image is a table: Name, Image (as OciTools is to find it), Peer (its name in the OCI layout that
    the other tools read).
#>

# An OCI layout to which images are added one after the other.
class LayoutWriter {
    [string] $Path
    [Collections.Generic.List[object]] $Entries = @()

    LayoutWriter([string] $path) {
        $this.Path = $path
        $null = New-Item -ItemType Directory (Join-Path $path 'blobs' 'sha256')
    }

    static [string] Hash([string] $file) { return (Get-FileHash -Algorithm SHA256 -LiteralPath $file).Hash.ToLowerInvariant() }

    [string] AddFile([string] $file) {
        $hash = [LayoutWriter]::Hash($file)
        [IO.File]::Copy($file, [IO.Path]::Combine($this.Path, 'blobs', 'sha256', $hash), $true)
        return "sha256:$hash"
    }

    [hashtable] AddText([string] $type, [object] $document) {
        $bytes = [Text.Encoding]::UTF8.GetBytes((ConvertTo-Json $document -Depth 8 -Compress))
        $hash = [Convert]::ToHexStringLower([Security.Cryptography.SHA256]::HashData($bytes))
        [IO.File]::WriteAllBytes([IO.Path]::Combine($this.Path, 'blobs', 'sha256', $hash), $bytes)
        return @{ mediaType = $type; digest = "sha256:$hash"; size = $bytes.Length }
    }

    # Each layer is given as its tar and as the file that is stored.
    [void] AddImage([string] $name, [string[]] $tars, [string[]] $stored) {
        $kinds = @{ '.tar' = 'tar'; '.gz' = 'tar+gzip'; '.zst' = 'tar+zstd' }
        $layers = @(foreach ($file in $stored) {
                @{ mediaType = "application/vnd.oci.image.layer.v1.$($kinds[[IO.Path]::GetExtension($file)])"; digest = $this.AddFile($file); size = [IO.FileInfo]::new($file).Length }
            })
        $diffIds = @(foreach ($file in $tars) { 'sha256:' + [LayoutWriter]::Hash($file) })
        $config = $this.AddText('application/vnd.oci.image.config.v1+json', @{ architecture = 'amd64'; os = 'linux'; config = @{}; rootfs = @{ type = 'layers'; diff_ids = $diffIds } })
        $entry = $this.AddText('application/vnd.oci.image.manifest.v1+json', @{ schemaVersion = 2; mediaType = 'application/vnd.oci.image.manifest.v1+json'; config = $config; layers = $layers })
        $entry.annotations = @{ 'org.opencontainers.image.ref.name' = $name }
        $this.Entries.Add($entry)
    }

    [void] Save() {
        Set-Content (Join-Path $this.Path 'index.json') (ConvertTo-Json @{ schemaVersion = 2; manifests = $this.Entries } -Depth 8 -Compress)
        Set-Content (Join-Path $this.Path 'oci-layout') '{"imageLayoutVersion":"1.0.0"}'
    }
}

# Images of layers that tars of other people wrote, one of so many. The others read them uncompressed: umoci knows no zstd.
function New-LayerFileSystem([string] $Folder, [int] $OneOf = 1) {
    $layers = (New-Item -ItemType Directory (Join-Path $Folder 'layers')).FullName
    $null = Invoke-Tool sh (Join-Path $PSScriptRoot 'layers.sh') $layers
    $ours = [LayoutWriter]::new((Join-Path $Folder 'ours'))
    $peers = [LayoutWriter]::new((Join-Path $Folder 'peers'))
    $folders = @(Get-ChildItem $layers -Directory | Sort-Object Name)
    foreach ($image in $folders | Where-Object { $folders.IndexOf($_) % $OneOf -eq 0 }) {
        $tars = @(for ($i = 0; Test-Path (Join-Path $image "$i.tar"); $i++) { Join-Path $image "$i.tar" })
        $stored = @(foreach ($tar in $tars) { "$tar.gz", "$tar.zst", $tar | Where-Object { Test-Path $_ } | Select-Object -First 1 })
        $ours.AddImage($image.Name, $tars, $stored)
        $peers.AddImage($image.Name, $tars, $tars)
        @{ Name = $image.Name; Image = "oci:$($ours.Path):$($image.Name)"; Peer = $image.Name }
    }
    $ours.Save()
    $peers.Save()
}

# What the tests have already, and more images that engines and builders make, one of so many.
function New-ToolFileSystem([hashtable] $World, [string] $Folder, [int] $OneOf = 1) {
    $plain = $World.Registry
    $found = [Collections.Generic.List[object]]::new()
    $found.Add(@('docker-build', 'docker-daemon:fixture/app:1.0', "docker://$plain/fixture/app:1.0"))
    $found.Add(@('docker-save', "docker-archive:$($World.SaveTwoArchive):fixture/derived:1.0", "docker-archive:$($World.SaveTwoArchive):fixture/derived:1.0"))
    $found.Add(@('skopeo-registry-oci', "docker://$plain/fixture/app:oci", "docker://$plain/fixture/app:oci"))
    $archive = Join-Path $Folder 'skopeo-docker.tar'
    $null = Invoke-Tool skopeo --insecure-policy --override-arch amd64 copy -q "oci:$($World.Sample):1.0" "docker-archive:${archive}:example/sample:1"
    $found.Add(@('skopeo-docker-archive', "docker-archive:$archive", "docker-archive:$archive"))
    $found.Add(@('skopeo-zstd', "oci:$($World.ZstdLayout):zstd", "oci:$($World.Sample):1.0"))
    $found.Add(@('skopeo-oci-archive', "oci-archive:$($World.OciArchiveGz)", "oci-archive:$($World.OciArchive):multi"))
    if ($World['UmociLayout']) {
        $found.Add(@('umoci-insert', "oci:$($World.UmociLayout):made", "oci:$($World.UmociLayout):made"))
        if ($World['Slow']) { New-UmociFileSystem $World $Folder | ForEach-Object { $found.Add($_) } }
    }
    if ($World['BuildahLayout']) {
        $found.Add(@('buildah-copy', "oci:$($World.BuildahLayout):made", "oci:$($World.BuildahLayout):made"))
        if ($World['Slow']) { New-BuildahFileSystem $World $Folder | ForEach-Object { $found.Add($_) } }
    }
    if ($World['Slow']) { New-DockerFileSystem $World $Folder | ForEach-Object { $found.Add($_) } }
    if ($World['Slow'] -and $World['Podman']) { New-PodmanFileSystem $World $Folder | ForEach-Object { $found.Add($_) } }
    $copy = 'skopeo', '--insecure-policy', '--override-arch', 'amd64', 'copy', '-q', '--src-tls-verify=false'
    foreach ($image in $found | Where-Object { $found.IndexOf($_) % $OneOf -eq 0 }) {
        $null = Invoke-Tool @copy $image[2] "oci:$(Join-Path $Folder 'peers'):$($image[0])"
        @{ Name = $image[0]; Image = $image[1]; Peer = $image[0] }
    }
}

function Edit-Tree([string] $Path) {
    # what builders have to tell apart: changed, deleted, replaced, emptied and filled again, more names, other owners and modes
    $script = @'
set -e
cd "$1"
mkdir -p opt/kept opt/emptied opt/gone; echo 1 > opt/kept/changed; echo 1 > opt/emptied/old; echo 1 > opt/gone/file; echo 1 > opt/replaced; ln -s kept opt/link
find opt -exec touch -h -d '2020-01-01' {} + # or umoci takes what is changed within the same second for the same
'@
    if (Test-Path (Join-Path $Path 'opt')) {
        $script = @'
set -e
cd "$1/opt"
echo 2 >> kept/changed; chmod 4711 kept/changed; ln kept/changed kept/second; chown 7:8 kept
rm -rf emptied gone; mkdir emptied; echo 2 > emptied/new; rm replaced; mkdir replaced; echo 2 > replaced/in; rm link; ln -s emptied link
mkfifo pipe; mknod null c 1 3; touch -d '2001-02-03 04:05:06.789' kept/second
'@
    }
    $null = Invoke-Tool sh -c $script sh $Path
}

function New-UmociFileSystem([hashtable] $World, [string] $Folder) {
    $layout = Join-Path $Folder 'umoci'
    $null = Invoke-Tool umoci init --layout $layout
    $null = Invoke-Tool umoci new --image "${layout}:repacked"
    foreach ($i in 1, 2) {
        $bundle = Join-Path $Folder "umoci-bundle-$i"
        $null = Invoke-Tool umoci unpack --image "${layout}:repacked" $bundle
        Edit-Tree (Join-Path $bundle 'rootfs')
        $null = Invoke-Tool umoci repack --image "${layout}:repacked" $bundle
        Remove-Item -Recurse -Force $bundle
    }
    $null = Invoke-Tool umoci insert --image "${layout}:repacked" --tag inserted --opaque (Join-Path $World.Context 'content') /opt/kept
    $null = Invoke-Tool umoci insert --image "${layout}:inserted" --whiteout /opt/link
    foreach ($name in 'repacked', 'inserted') { , @("umoci-$name", "oci:${layout}:$name", "oci:${layout}:$name") }
}

function New-BuildahFileSystem([hashtable] $World, [string] $Folder) {
    $storage = 'buildah', '--root', (Join-Path $World.Folder 'buildah-root'), '--runroot', (Join-Path $World.Folder 'buildah-run'), '--storage-driver', 'vfs'
    foreach ($format in 'docker', 'oci') {
        $from = 'scratch'
        foreach ($i in 1, 2) {
            $container = [string](Invoke-Tool @storage from $from)
            Edit-Tree ([string](Invoke-Tool @storage mount $container))
            $from = "localhost/edited-${format}:$i"
            $null = Invoke-Tool @storage commit -q --rm --format $format $container $from
        }
        $archive = Join-Path $Folder "buildah-$format.tar"
        $name = $format -eq 'oci' ? "oci-archive:${archive}:edited" : "docker-archive:${archive}:example/edited:2"
        $null = Invoke-Tool @storage push -q $from $name
        , @("buildah-edited-$format", $name, $name)
    }
}

function New-DockerFileSystem([hashtable] $World, [string] $Folder) {
    $context = (New-Item -ItemType Directory (Join-Path $Folder 'docker-context')).FullName
    Copy-Item (Join-Path $Folder 'layers' 'gnu-pax' '0.tar') (Join-Path $context 'added.tar')
    Copy-Item (Join-Path $World.Context 'busybox') $context
    Set-Content (Join-Path $context 'Dockerfile') @'
FROM scratch
COPY busybox /bin/busybox
SHELL ["/bin/busybox", "sh", "-c"]
ADD added.tar /added/
RUN mkdir -p /opt/kept /opt/emptied /opt/gone && echo 1 > /opt/kept/changed && echo 1 > /opt/emptied/old && echo 1 > /opt/gone/file && echo 1 > /opt/replaced
RUN rm -rf /opt/emptied /opt/gone /opt/replaced && mkdir /opt/emptied /opt/replaced && echo 2 > /opt/emptied/new && echo 2 >> /opt/kept/changed
RUN ln /opt/kept/changed /opt/kept/second && chown 7:8 /opt/kept/changed && chmod 2711 /opt/kept/changed && mkfifo /opt/pipe && mknod /opt/null c 1 3
RUN rm -rf /added/bin && ln -s srv /added/bin && rm /added/srv/data/two
'@
    $null = Invoke-Tool docker build --network host -q -t files/edited:1 $context
    $null = Invoke-Tool sh -c 'bsdtar -cf - --format=pax @"$1" | docker import - files/imported:1' sh (Join-Path $Folder 'layers' 'gnu-pax' '0.tar')
    $container = [string](Invoke-Tool docker create --network none files/imported:1 none)
    $null = Invoke-Tool docker cp $World.Context "${container}:/srv/context"
    $null = Invoke-Tool docker commit $container files/committed:1
    $null = Invoke-Tool docker rm $container
    $archive = Join-Path $Folder 'docker.tar'
    $null = Invoke-Tool docker save -o $archive files/edited:1 files/imported:1 files/committed:1
    foreach ($name in 'edited', 'imported', 'committed') { , @("docker-$name", "docker-daemon:files/${name}:1", "docker-archive:${archive}:files/${name}:1") }
}

function New-PodmanFileSystem([hashtable] $World, [string] $Folder) {
    $engine = @('podman') + $World.PodmanArguments
    $null = Invoke-Tool @engine import -q (Join-Path $Folder 'layers' 'gnu-gnu' '0.tar') localhost/files/imported:1
    $container = [string](Invoke-Tool @engine create --network none localhost/files/imported:1 none)
    $root = [string](Invoke-Tool @engine mount $container)
    Edit-Tree $root
    $null = Invoke-Tool rm -r (Join-Path $root 'usr')
    $null = Invoke-Tool @engine umount $container
    $null = Invoke-Tool @engine commit -q $container localhost/files/committed:1
    $null = Invoke-Tool @engine rm $container
    foreach ($name in 'imported', 'committed') {
        $archive = Join-Path $Folder "podman-$name.tar"
        $null = Invoke-Tool @engine save -q --format oci-archive -o $archive "localhost/files/${name}:1"
        , @("podman-$name", "oci-archive:$archive", "oci-archive:$archive")
    }
}
