# The images that the benchmarks of layers and files read. Each is made once, with other people's tools, and kept as an OCI layout
# with the name 'bench' in artifacts/bench, where a later run finds it again.
. $PSScriptRoot/Measure.ps1
. $PSScriptRoot/Packages.ps1

$BenchCache = Join-Path (Split-Path (Split-Path $PSScriptRoot)) artifacts bench

function Invoke-Tool {
    $output = & $args[0] @($args | Select-Object -Skip 1) 2>&1
    if ($LASTEXITCODE) { throw "$($args -join ' ') ended with exit code ${LASTEXITCODE}:`n$($output -join "`n")" }
    $output
}

<#
    The folder of a layout, made if it is not there.
    debian   debootstrap with several layers of apt-get on top: whiteouts, hard links, setuid files, capabilities; over 700 MB of tar
    small    4 layers with one copy each of a piece of it, 100 MB of tar
    large    4 layers with 20 copies each, 2 GB of tar
    some     4 layers of 31,250 small files
    many     4 layers of 125,000 small files
#>
function Get-BenchLayout([ValidateSet('debian', 'small', 'large', 'some', 'many')] [string] $Name) {
    $layout = Join-Path $BenchCache $Name
    if (Test-Path $layout) { return $layout }
    Write-Host "Making the image '$Name'; the next run finds it in $layout."
    Install-BenchTool
    $work = "$layout.work"
    if (Test-Path $work) { Remove-Item -Recurse -Force -LiteralPath $work }
    $null = New-Item -ItemType Directory $work
    try {
        switch ($Name) {
            debian { New-DebianLayout $work }
            small { New-CopiesLayout $work 1 }
            large { New-CopiesLayout $work 20 }
            some { New-FilesLayout $work 31250 }
            many { New-FilesLayout $work 125000 }
        }
        Move-Item "$work/layout" $layout
    }
    finally { Invoke-Tool rm -rf $work }
    $layout
}

function New-DebianLayout([string] $Work) {
    Invoke-Tool debootstrap --variant=minbase bookworm "$Work/root" > $null
    Set-Content "$Work/Dockerfile" @'
FROM bench/base
ENV DEBIAN_FRONTEND=noninteractive
RUN apt-get update && apt-get install -y --no-install-recommends build-essential && apt-get clean
RUN apt-get install -y --no-install-recommends python3 git sudo openssh-client iputils-ping man-db && apt-get clean
RUN apt-get install -y --no-install-recommends default-jre-headless perl-doc && apt-get clean
RUN apt-get purge -y g++ man-db && apt-get autoremove -y --purge && apt-get clean && rm -rf /var/lib/apt/lists/*
RUN rm -rf /usr/share/doc && mkdir -p /usr/share/doc/new && echo new > /usr/share/doc/new/one
RUN mkdir /opt/farm && for i in $(seq 500); do ln /bin/bash /opt/farm/$i; done && chmod 4711 /bin/bash && chmod 1777 /opt/farm
'@
    $engine = Start-BenchEngine $Work
    try {
        Invoke-Tool sh -c 'tar -C "$1" -c . | docker -H "$2" import - bench/base' sh "$Work/root" $engine.Host > $null
        $env:DOCKER_BUILDKIT = '0'
        Invoke-Tool sh -c 'docker -H "$2" build --network host -t bench/debian:1 - < "$1"' sh "$Work/Dockerfile" $engine.Host > $null
        Invoke-Tool skopeo --insecure-policy copy -q --src-daemon-host $engine.Host docker-daemon:bench/debian:1 "oci:$Work/layout:bench" > $null
    }
    finally { Stop-BenchEngine $engine }
}

# Both sizes hold the same files, only more often, so that what they cost can be compared.
function New-CopiesLayout([string] $Work, [int] $Copies) {
    Invoke-Tool umoci unpack --image "$(Get-BenchLayout debian):bench" "$Work/bundle" > $null
    foreach ($layer in 1..4) {
        foreach ($copy in 1..$Copies) {
            # the end mark goes off each copy but the last
            Invoke-Tool sh -c 'tar -C "$1" -b 1 --sort=name --transform "s,^\./,$2/,S" -c ./usr/lib/python3.11 | head -c -1024 >> "$3"' sh "$Work/bundle/rootfs" "$layer/$copy" "$Work/$layer.tar"
        }
        Invoke-Tool sh -c 'head -c 1024 /dev/zero >> "$1"' sh "$Work/$layer.tar"
    }
    New-LayoutOfTars "$Work/layout" (1..4 | ForEach-Object { "$Work/$_.tar" })
}

function New-FilesLayout([string] $Work, [int] $Files) {
    $content = [byte[]]::new(100)
    foreach ($layer in 1..4) {
        $file = [System.IO.File]::Create("$Work/$layer.tar")
        $writer = [System.Formats.Tar.TarWriter]::new($file, [System.Formats.Tar.TarEntryFormat]::Ustar)
        for ($i = 0; $i -lt $Files; $i++) {
            if ($i % 500 -eq 0) {
                $folder = "var/lib/layer-$layer/folder-$($i / 500)"
                $writer.WriteEntry([System.Formats.Tar.UstarTarEntry]::new('Directory', "$folder/"))
            }
            $entry = [System.Formats.Tar.UstarTarEntry]::new('RegularFile', "$folder/file-$i")
            [System.BitConverter]::TryWriteBytes($content, $i) > $null
            $entry.DataStream = [System.IO.MemoryStream]::new($content)
            $writer.WriteEntry($entry)
        }
        $writer.Dispose()
    }
    New-LayoutOfTars "$Work/layout" (1..4 | ForEach-Object { "$Work/$_.tar" })
}

# Lays tars out as the gzip layers of one image; they are gone afterwards.
function New-LayoutOfTars([string] $Layout, [string[]] $Tars) {
    $null = New-Item -ItemType Directory "$Layout/blobs/sha256"
    $add = {
        param([string] $Path, [string] $MediaType)
        $hash = (Get-FileHash -Algorithm SHA256 $Path).Hash.ToLower()
        $descriptor = [ordered]@{ mediaType = $MediaType; digest = "sha256:$hash"; size = (Get-Item $Path).Length }
        Move-Item $Path "$Layout/blobs/sha256/$hash"
        $descriptor
    }
    $addJson = {
        param($Document, [string] $MediaType)
        Set-Content "$Layout/json" -NoNewline ($Document | ConvertTo-Json -Depth 9 -Compress)
        & $add "$Layout/json" $MediaType
    }
    $diffIds = @($Tars | ForEach-Object { 'sha256:' + (Get-FileHash -Algorithm SHA256 $_).Hash.ToLower() })
    $layers = @($Tars | ForEach-Object {
            Invoke-Tool gzip -1 $_
            & $add "$_.gz" application/vnd.oci.image.layer.v1.tar+gzip
        })
    $config = & $addJson ([ordered]@{ architecture = 'amd64'; os = 'linux'; rootfs = @{ type = 'layers'; diff_ids = $diffIds } }) application/vnd.oci.image.config.v1+json
    $manifestType = 'application/vnd.oci.image.manifest.v1+json'
    $manifest = & $addJson ([ordered]@{ schemaVersion = 2; mediaType = $manifestType; config = $config; layers = $layers }) $manifestType
    $manifest.annotations = @{ 'org.opencontainers.image.ref.name' = 'bench' }
    Set-Content "$Layout/index.json" -NoNewline ([ordered]@{ schemaVersion = 2; manifests = @($manifest) } | ConvertTo-Json -Depth 9 -Compress)
    Set-Content "$Layout/oci-layout" -NoNewline '{"imageLayoutVersion":"1.0.0"}'
}

# A registry whose storage is kept for the next run, with the image in it; Stop-BenchRegistry ends it.
function Start-FixtureRegistry([string] $Folder, [string] $Name) {
    $layout = Get-BenchLayout $Name
    $registry = Start-BenchRegistry $Folder (Join-Path $BenchCache registry)
    Invoke-Tool skopeo --insecure-policy copy -q --dest-tls-verify=false "oci:${layout}:bench" "docker://$($registry.Host)/bench/${Name}:1" > $null
    $registry | Add-Member -PassThru Image "$($registry.Host)/bench/${Name}:1"
}

# A Docker engine of its own, in the folder; Stop-BenchEngine ends it.
function Start-BenchEngine([string] $Folder) {
    $name = "unix://$Folder/docker.sock"
    $process = Start-Process dockerd -PassThru -RedirectStandardOutput "$Folder/dockerd.log" -RedirectStandardError "$Folder/dockerd.err" -ArgumentList @(
        '--data-root', "$Folder/docker-data", '--exec-root', "$Folder/docker-exec", '-H', $name, '--pidfile', "$Folder/docker.pid"
        '--iptables=false', '--ip6tables=false', '--bridge=none', '--ip-forward=false', '--ip-masq=false')
    foreach ($i in 1..200) {
        docker -H $name version *> $null
        if ($LASTEXITCODE -eq 0) { return [pscustomobject]@{ Host = $name; Process = $process; Folder = $Folder } }
        if ($process.HasExited) { break }
        Start-Sleep -Milliseconds 100
    }
    throw "dockerd did not start; see $Folder/dockerd.err."
}

function Stop-BenchEngine($Engine) {
    kill $Engine.Process.Id
    $Engine.Process.WaitForExit()
    # it leaves the mount of its network namespace behind
    foreach ($mount in (Get-Content /proc/mounts).ForEach{ $_.Split(' ')[1] }.Where{ $_.StartsWith("$($Engine.Folder)/") }) { umount -l $mount }
}
