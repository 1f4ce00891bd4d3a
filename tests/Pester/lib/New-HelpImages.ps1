#Requires -Version 7.6
<#
.SYNOPSIS
    Writes an OCI layout with the images that the examples of the help pages name.
.DESCRIPTION
    Small images with three layers, in three versions for two platforms, one image for one platform, and a signature and SBOMs. The same
    bytes come out each time. Needs no other tool.
#>
[CmdletBinding()]
param(
    # The directory of the layout; must not be there.
    [Parameter(Mandatory)] [string] $Destination
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
. (Join-Path $PSScriptRoot '../../../samples/Layout.ps1')
$manifestType = 'application/vnd.oci.image.manifest.v1+json'
$indexType = 'application/vnd.oci.image.index.v1+json'

# Bytes that do not compress well, as programs do not.
function New-Program([int] $Size, [int] $Seed) {
    $bytes = [byte[]]::new($Size)
    [Random]::new($Seed).NextBytes($bytes)
    for ($i = 0; $i -lt $Size; $i += 2) { $bytes[$i] = 0 }
    , $bytes
}

# $Files: path -> text, bytes, or @{ Link = target }; a path with a slash at its end is a directory. $Modes and $Owners: path -> what is not the usual one.
function Add-Layer([Collections.IDictionary] $Files, [datetime] $Time, [hashtable] $Modes = @{}, [hashtable] $Owners = @{}) {
    $tar = [IO.MemoryStream]::new()
    $writer = [Formats.Tar.TarWriter]::new($tar, [Formats.Tar.TarEntryFormat]::Ustar, $true)
    foreach ($path in $Files.Keys) {
        $content = $Files[$path]
        $type = $path.EndsWith('/') ? 'Directory' : $content -is [hashtable] ? 'SymbolicLink' : 'RegularFile'
        $entry = [Formats.Tar.UstarTarEntry]::new($type, $path)
        $entry.ModificationTime = [DateTimeOffset]::new($Time, [TimeSpan]::Zero)
        $entry.Mode = [IO.UnixFileMode]($Modes[$path] ?? ($type -eq 'Directory' ? 0x1ED : $type -eq 'SymbolicLink' ? 0x1FF : 0x1A4))
        $entry.Uid = $Owners[$path] ?? 0
        if ($content -is [hashtable]) { $entry.LinkName = $content.Link }
        elseif ($type -eq 'RegularFile') { $entry.DataStream = [IO.MemoryStream]::new($content -is [string] ? [Text.Encoding]::UTF8.GetBytes($content) : $content) }
        $writer.WriteEntry($entry)
    }
    $writer.Dispose()
    Add-Tar $tar.ToArray()
}

# $Rows: what made each layer or setting, with the layer where there is one.
function Add-Image([string] $Architecture, [datetime] $Time, [Collections.IDictionary] $Settings, [object[]] $Rows) {
    $created = $Time.ToString('yyyy-MM-ddTHH:mm:ssZ')
    $layers = @($Rows.ForEach{ $_['Layer'] }.Where{ $_ })
    $config = Add-Json ([ordered]@{
            created = $created; architecture = $Architecture; os = 'linux'; config = $Settings
            rootfs = [ordered]@{ type = 'layers'; diff_ids = @($layers.DiffId) }
            history = @(foreach ($row in $Rows) {
                    $entry = [ordered]@{ created = $created; created_by = $row.By; comment = 'buildkit.dockerfile.v0' }
                    if (-not $row['Layer']) { $entry.empty_layer = $true }
                    $entry
                })
        }) 'application/vnd.oci.image.config.v1+json'
    $manifest = Add-Json ([ordered]@{ schemaVersion = 2; mediaType = $manifestType; config = $config; layers = @($layers.Descriptor) }) $manifestType
    $manifest.platform = [ordered]@{ architecture = $Architecture; os = 'linux' }
    $manifest
}

function Add-Artifact([string] $Type, $Subject, [string] $Content, [string] $Created) {
    $empty = Add-Blob ([Text.Encoding]::UTF8.GetBytes('{}')) 'application/vnd.oci.empty.v1+json'
    $subjectOnly = [ordered]@{ mediaType = $Subject.mediaType; digest = $Subject.digest; size = $Subject.size }
    $entry = Add-Json ([ordered]@{
            schemaVersion = 2; mediaType = $manifestType; artifactType = $Type; config = $empty
            layers = @(Add-Blob ([Text.Encoding]::UTF8.GetBytes($Content)) $Type); subject = $subjectOnly
            annotations = [ordered]@{ 'org.opencontainers.image.created' = $Created }
        }) $manifestType
    $entry.artifactType = $Type
    $entry
}

$entries = [Collections.Generic.List[object]]::new()
function Add-Entry($Descriptor, [string] $Name) {
    $entry = [ordered]@{ mediaType = $Descriptor.mediaType; digest = $Descriptor.digest; size = $Descriptor.size }
    if ($Name) { $entry.annotations = [ordered]@{ 'org.opencontainers.image.ref.name' = $Name } }
    $entries.Add($entry)
}

$old = [datetime]::new(2026, 2, 10, 8, 0, 0)
$base = Add-Layer ([ordered]@{
        'bin/' = $null; 'bin/sh' = New-Program 90000 1
        'etc/' = $null; 'etc/group' = "root:x:0:`napp:x:1000:`n"; 'etc/os-release' = "NAME=`"Example Linux`"`nID=example`nVERSION_ID=12.4`n"; 'etc/passwd' = "root:x:0:0::/root:/bin/sh`napp:x:1000:1000::/srv:/bin/sh`n"
        'lib/' = $null; 'lib/libc.so.6' = New-Program 60000 2
        'tmp/' = $null
    }) $old @{ 'bin/sh' = 0x1ED; 'lib/libc.so.6' = 0x1ED; 'tmp/' = 0x3FF }
$from = @{ By = 'ADD rootfs.tar.xz / # buildkit'; Layer = $base }, @{ By = 'ENV PATH=/usr/bin:/bin' }

$versions = @{ Name = '1.0'; Time = [datetime]::new(2026, 3, 2, 9, 30, 0) }, @{ Name = '1.1'; Time = [datetime]::new(2026, 5, 11, 14, 5, 0) }, @{ Name = '1.2'; Time = [datetime]::new(2026, 9, 7, 11, 45, 0) }
foreach ($version in $versions) {
    $number = [int]$version.Name.Substring(2)
    $children = foreach ($architecture in 'amd64', 'arm64') {
        $seed = 10 * $number + $architecture.Length + [int]($architecture -eq 'arm64')
        $program = Add-Layer ([ordered]@{
                'usr/' = $null; 'usr/bin/' = $null; 'usr/bin/app' = New-Program (240000 + 8000 * $number) $seed; 'usr/bin/app-reload' = New-Program 12000 ($seed + 5)
                'usr/lib/' = $null; 'usr/lib/app/' = $null; 'usr/lib/app/metrics.so' = New-Program 30000 7
                'usr/share/' = $null; 'usr/share/app/' = $null; 'usr/share/app/manual.txt' = ('How to use app. ' * 2500)
            }) $version.Time @{ 'usr/bin/app' = 0x1ED; 'usr/bin/app-reload' = 0x9ED; 'usr/lib/app/metrics.so' = 0x1ED } @{ 'usr/bin/app-reload' = 1000 }
        $settings = [ordered]@{ 'etc/' = $null; 'etc/app/' = $null; 'etc/app/app.conf' = "listen 8080`nworkers $(2 + $number)`n"; 'etc/app/current' = @{ Link = 'app.conf' }; 'etc/app/log.conf' = "level info`n" }
        # one file is replaced and one is deleted again, so the bytes of both travel for nothing
        $settings['usr/lib/app/metrics.so'] = New-Program 20000 8
        $settings['usr/share/app/.wh.manual.txt'] = ''
        Add-Image $architecture $version.Time ([ordered]@{
                User = 'app'; ExposedPorts = @{ '8080/tcp' = @{} }; Env = @('PATH=/usr/bin:/bin', "APP_VERSION=$($version.Name)"); Entrypoint = @('/usr/bin/app'); Cmd = @('--serve'); WorkingDir = '/srv'
                Labels = [ordered]@{ 'org.opencontainers.image.title' = 'app'; 'org.opencontainers.image.version' = $version.Name }
            }) @(
            $from
            @{ By = 'COPY build/ /usr/ # buildkit'; Layer = $program }
            @{ By = "ENV APP_VERSION=$($version.Name)" }
            @{ By = 'RUN /bin/sh -c strip /usr/lib/app/*.so && rm /usr/share/app/manual.txt && cp -r /run/conf /etc/app # buildkit'; Layer = Add-Layer $settings $version.Time @{ 'usr/lib/app/metrics.so' = 0x1ED } }
            @{ By = 'WORKDIR /srv' }, @{ By = 'USER app' }, @{ By = 'EXPOSE [8080/tcp]' }, @{ By = 'ENTRYPOINT ["/usr/bin/app"]' }, @{ By = 'CMD ["--serve"]' }
        )
    }
    $index = Add-Json ([ordered]@{ schemaVersion = 2; mediaType = $indexType; manifests = @($children) }) $indexType
    Add-Entry $index "app:$($version.Name)"
    if ($version.Name -eq '1.2') {
        Add-Entry (Add-Artifact 'application/vnd.cncf.notary.signature' $index 'the signature' '2026-09-07T12:00:00Z')
        $sbom = Add-Artifact 'application/spdx+json' $index '{"spdxVersion":"SPDX-2.3"}' '2026-09-07T12:01:00Z'
        Add-Entry $sbom
        Add-Entry (Add-Artifact 'application/vnd.cncf.notary.signature' $sbom 'the signature of the SBOM' '2026-09-07T12:02:00Z')
        Add-Entry (Add-Artifact 'application/vnd.cyclonedx+json' $children[1] '{"bomFormat":"CycloneDX"}' '2026-09-07T12:03:00Z')
    }
}

foreach ($number in 2, 3) {
    $time = [datetime]::new(2026, 3 + $number, 20, 16, 0, 0)
    $cli = Add-Layer ([ordered]@{ 'usr/' = $null; 'usr/bin/' = $null; 'usr/bin/probe' = New-Program (50000 + 100 * $number) (90 + $number) }) $time @{ 'usr/bin/probe' = 0x1ED }
    Add-Entry (Add-Image 'amd64' $time ([ordered]@{ Env = @('PATH=/usr/bin:/bin'); Cmd = @('probe') }) @($from; @{ By = 'COPY probe /usr/bin/ # buildkit'; Layer = $cli }; @{ By = 'CMD ["probe"]' })) "cli:2.$number"
}
Complete-Layout $entries
