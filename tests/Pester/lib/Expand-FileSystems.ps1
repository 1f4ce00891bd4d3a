#Requires -Version 7.6
<#
.SYNOPSIS
    Unpacks whole images with OciTools and with other people's tools, so that the files can be compared. Dot-sourced by the tests.
.DESCRIPTION
    The folder is the one that New-FileSystems.ps1 filled: the other tools read the layout peers in it.
#>

# The images as umoci, Docker and GNU tar unpack them, and as OciTools writes them, each in a directory WAY.NAME below trees. Refused are the
# names of those that Docker does not take.
function Write-Tree([object[]] $Images, [string] $Folder, [string[]] $Refused) {
    $trees = (New-Item -ItemType Directory (Join-Path $Folder 'trees')).FullName
    $layout = Join-Path $Folder 'peers'
    $loading = Start-DockerImport @($Images | Where-Object Name -NotIn $Refused) $layout
    $unpack = 'umoci unpack --image "$1:$3" "$2/umoci.$3.bundle" > "$2/umoci.$3.log" 2>&1 && mv "$2/umoci.$3.bundle/rootfs" "$2/umoci.$3"; rm -rf "$2/umoci.$3.bundle"'
    $null = $Images.Name | sh -c 'xargs -P 2 -I % sh -c "$1" sh "$2" "$3" %' sh $unpack $layout $trees
    $flat = (New-Item -ItemType Directory (Join-Path $Folder 'flat')).FullName
    foreach ($image in $Images) {
        $null = Export-ImageLayers $image.Image -Flatten -Platform linux/amd64 -Destination (Join-Path $flat "$($image.Name).tar") -ErrorAction Stop
        $null = Expand-Image $image.Image -Platform linux/amd64 -Destination (Join-Path $trees "expanded.$($image.Name)") -ErrorAction Stop
        $image.Layers = Get-PeerLayer $layout $image.Name
    }
    $null = $loading | Receive-Job -Wait -AutoRemoveJob
    # one that is refused ends the loading of all after it
    foreach ($image in $Images | Where-Object Name -In $Refused) { $null = Start-DockerImport @($image) $layout | Receive-Job -Wait -AutoRemoveJob }
    Export-Docker $Images $Folder
    Export-Tar $Images $Folder $trees
}

# GNU tar takes the flattened images and the single layers. Of a layer it says errors that are not of interest: a hard link to a lower
# layer, and the missing end of what umoci writes.
function Export-Tar([object[]] $Images, [string] $Folder, [string] $Trees) {
    $script = @'
export LC_ALL=C TZ=UTC
take() { mkdir -p "$2" && tar -C "$2" --numeric-owner -xpf "$1" --xattrs --xattrs-include='*'; }
while read -r kind name file; do
    case $kind in
    flat) take "$1/flat/$name.tar" "$2/flattened.$name" || exit 1 ;;
    docker) take "$1/docker/$name.tar" "$2/docker.$name" || exit 1 ;;
    layer) take "$file" "$2/layer.$name" 2> /dev/null
        tar --numeric-owner --full-time --quoting-style=c -tvf "$file" > "$1/$name.list" 2> /dev/null || : ;;
    esac
done
'@
    $orders = foreach ($image in $Images) {
        "flat $($image.Name)"
        if (Test-Path (Join-Path $Folder 'docker' "$($image.Name).tar")) { "docker $($image.Name)" }
        for ($i = 0; $i -lt $image.Layers.Count; $i++) { "layer $($image.Name).$i $($image.Layers[$i])" }
    }
    $said = $orders | sh -c $script sh $Folder $Trees 2>&1
    if ($LASTEXITCODE -ne 0) { throw "GNU tar does not take what it is given: $said" }
}

# The manifest of an image in a layout.
function Get-PeerDocument([string] $Layout, [string] $Name) {
    $entry = (Get-Content -Raw (Join-Path $Layout 'index.json') | ConvertFrom-Json).manifests | Where-Object { $_.annotations.'org.opencontainers.image.ref.name' -ceq $Name }
    Get-Content -Raw (Join-Path $Layout 'blobs' 'sha256' $entry.digest.Substring(7)) | ConvertFrom-Json
}

# The files of its layers.
function Get-PeerLayer([string] $Layout, [string] $Name) {
    , @((Get-PeerDocument $Layout $Name).layers | Where-Object { $_ } | ForEach-Object { Join-Path $Layout 'blobs' 'sha256' $_.digest.Substring(7) })
}

# Loads images into the engine out of one archive.
function Start-DockerImport([object[]] $Images, [string] $Layout) {
    $files = [Collections.Generic.HashSet[string]]::new([string[]]'manifest.json')
    $manifest = foreach ($image in $Images) {
        $document = Get-PeerDocument $Layout $image.Name
        $config = "blobs/sha256/$($document.config.digest.Substring(7))"
        $layers = @($document.layers | Where-Object { $_ } | ForEach-Object { "blobs/sha256/$($_.digest.Substring(7))" })
        $null = $files.Add($config)
        foreach ($layer in $layers) { $null = $files.Add($layer) }
        @{ Config = $config; RepoTags = @("tree/$($image.Name):1"); Layers = $layers }
    }
    Set-Content (Join-Path $Layout 'manifest.json') (ConvertTo-Json -Depth 4 -InputObject @($manifest))
    Start-ThreadJob { $using:files | sh -c 'tar -C "$1" -cf - -T - | docker load -q' sh $using:Layout 2>&1 }
}

# What the engine exports of a container of each image that it has taken.
function Export-Docker([object[]] $Images, [string] $Folder) {
    $ProgressPreference = 'SilentlyContinue' # it takes time
    $docker = (New-Item -ItemType Directory (Join-Path $Folder 'docker')).FullName
    $socket = $World.Docker -replace '^unix://'
    foreach ($image in $Images) {
        $body = @{ Image = "tree/$($image.Name):1"; Cmd = @('none') } | ConvertTo-Json
        $container = Invoke-RestMethod -UnixSocket $socket http://engine/v1.41/containers/create -Method Post -Body $body -ContentType application/json -SkipHttpErrorCheck
        if (-not $container.PSObject.Properties['Id']) { continue }
        Invoke-WebRequest -UnixSocket $socket "http://engine/v1.41/containers/$($container.Id)/export" -OutFile (Join-Path $docker "$($image.Name).tar")
        $null = Invoke-RestMethod -UnixSocket $socket "http://engine/v1.41/containers/$($container.Id)" -Method Delete
    }
}
