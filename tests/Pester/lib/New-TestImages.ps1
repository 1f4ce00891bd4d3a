#Requires -Version 7.6
<#
.SYNOPSIS
    Makes the images of the tests with other people's tools, and puts them where OciTools is to find them.
.DESCRIPTION
    Dot-sourced, after Start-Servers.ps1. New-TestImage adds names and paths to the hashtable; what a missing tool would make is left out.
#>

function Invoke-Tool {
    $output = & $args[0] @($args | Select-Object -Skip 1) 2>&1
    if ($LASTEXITCODE -ne 0) { throw "$($args -join ' ') ended with exit code ${LASTEXITCODE}:`n$($output -join "`n")" }
    $output
}

function New-AppImage([hashtable] $World) {
    $context = (New-Item -ItemType Directory (Join-Path $World.Folder 'context')).FullName
    $null = New-Item -ItemType Directory (Join-Path $context 'content')
    Copy-Item (Get-Command busybox -CommandType Application | Select-Object -First 1).Source (Join-Path $context 'busybox')
    chmod 755 (Join-Path $context 'busybox')
    Set-Content (Join-Path $context 'content' 'motd') 'welcome'
    Set-Content (Join-Path $context 'Dockerfile') @'
FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
ENV PATH=/bin COLOUR=blue GREETING="hello world"
LABEL org.example.title="fixture" org.example.note="a=b, c"
WORKDIR /srv/data
RUN echo one > one.txt && chmod 4755 one.txt && ln one.txt two.txt
RUN rm one.txt
COPY content/ /srv/data/
EXPOSE 8080/tcp 9090/udp
VOLUME /var/cache/app
HEALTHCHECK --interval=30s --timeout=3s --retries=2 CMD ["/bin/true"]
STOPSIGNAL SIGUSR1
USER 1000:1000
ENTRYPOINT ["/bin/sh", "-c"]
CMD ["echo $COLOUR"]
'@
    $env:DOCKER_BUILDKIT = '0'
    $null = Invoke-Tool docker build --network host -q -t fixture/app:1.0 $context
    $null = Invoke-Tool docker tag fixture/app:1.0 fixture/app:alias
    Set-Content (Join-Path $context 'Derived') "FROM fixture/app:1.0`nCOPY content/motd /etc/motd`nUSER 0"
    $null = Invoke-Tool docker build --network host -q -t fixture/derived:1.0 -f (Join-Path $context 'Derived') $context
    Set-Content (Join-Path $context 'Nameless') "FROM scratch`nCOPY content/motd /nameless"
    $null = Invoke-Tool docker build --network host -q -f (Join-Path $context 'Nameless') $context
    $World.App = 'fixture/app:1.0'
    $World.AppId = [string](Invoke-Tool docker image inspect -f '{{.Id}}' fixture/app:1.0)
}

function Push-Image([hashtable] $World) {
    $copy = 'skopeo', '--insecure-policy', 'copy', '-q', '--dest-tls-verify=false'
    $sample = "oci:$($World.Sample):1.0"
    $plain = $World.Registry
    # an index as it is, and the same as Docker's manifest list
    $null = Invoke-Tool @copy --all $sample "docker://$plain/fixture/multi:1.0"
    $null = Invoke-Tool @copy --all --format v2s2 $sample "docker://$plain/fixture/multi:list"
    if ($World.ContainsKey('TlsRegistry')) { $null = Invoke-Tool @copy --all $sample "docker://$($World.TlsRegistry)/fixture/multi:1.0" }
    if ($World.ContainsKey('BasicRegistry')) { $null = Invoke-Tool @copy --all --dest-creds "tester:$($World.Password)" $sample "docker://$($World.BasicRegistry)/fixture/multi:1.0" }
    if ($World.ContainsKey('TokenRegistry')) { $null = Invoke-Tool @copy --all --dest-creds "tester:$($World.TokenPassword)" $sample "docker://$($World.TokenRegistry)/fixture/multi:1.0" }
    if ($World.ContainsKey('App')) {
        # pushed by the engine itself, so that it claims a registry digest; and as OCI by skopeo
        $null = Invoke-Tool docker tag fixture/app:1.0 "$plain/fixture/app:1.0"
        $null = Invoke-Tool docker push -q "$plain/fixture/app:1.0"
        $null = Invoke-Tool @copy --src-tls-verify=false --format oci "docker://$plain/fixture/app:1.0" "docker://$plain/fixture/app:oci"
    }
}

function New-LocalPlace([hashtable] $World) {
    $folder = (New-Item -ItemType Directory (Join-Path $World.Folder 'places')).FullName
    $copy = 'skopeo', '--insecure-policy', 'copy', '-q', '--src-tls-verify=false'
    $sample = "oci:$($World.Sample):1.0"
    $World.Layout = Join-Path $folder 'skopeo-layout'
    $null = Invoke-Tool @copy --all $sample "oci:$($World.Layout):multi"
    $World.OciArchive = Join-Path $folder 'multi.oci.tar'
    $null = Invoke-Tool @copy --all $sample "oci-archive:$($World.OciArchive):multi"
    $World.OciArchiveGz = "$($World.OciArchive).gz"
    gzip -k $World.OciArchive
    if (Get-Command zstd -CommandType Application -ErrorAction Ignore) {
        $World.OciArchiveZst = "$($World.OciArchive).zst"
        $null = Invoke-Tool zstd -q -k $World.OciArchive
    }
    $World.ZstdLayout = Join-Path $folder 'zstd-layout'
    $null = Invoke-Tool @copy --dest-compress-format zstd --override-arch amd64 $sample "oci:$($World.ZstdLayout):zstd"
    if (-not $World.ContainsKey('App')) { return }

    $app = "docker://$($World.Registry)/fixture/app:1.0"
    $null = Invoke-Tool @copy $app "oci:$($World.Layout):app"
    $World.SaveArchive = Join-Path $folder 'save.tar'
    $null = Invoke-Tool docker save -o $World.SaveArchive fixture/app:1.0
    $World.SaveTwoArchive = Join-Path $folder 'save-two.tar'
    $null = Invoke-Tool docker save -o $World.SaveTwoArchive fixture/app:1.0 fixture/derived:1.0
    $World.SaveArchiveGz = "$($World.SaveArchive).gz"
    gzip -k $World.SaveArchive
    $World.SkopeoDockerArchive = Join-Path $folder 'skopeo-docker.tar'
    $null = Invoke-Tool @copy $app "docker-archive:$($World.SkopeoDockerArchive):fixture/app:1.0"
    if (Get-Command umoci -CommandType Application -ErrorAction Ignore) {
        $World.UmociLayout = Join-Path $folder 'umoci-layout'
        $null = Invoke-Tool umoci init --layout $World.UmociLayout
        $null = Invoke-Tool umoci new --image "$($World.UmociLayout):made"
        $null = Invoke-Tool umoci insert --image "$($World.UmociLayout):made" $World.Context /srv/context
        $null = Invoke-Tool umoci config --image "$($World.UmociLayout):made" --config.env COLOUR=green --config.workingdir /srv --config.cmd /bin/true
    }
    if ((Get-Command buildah -CommandType Application -ErrorAction Ignore) -and [Environment]::UserName -eq 'root') {
        $World.BuildahLayout = Join-Path $folder 'buildah-layout'
        $storage = 'buildah', '--root', (Join-Path $World.Folder 'buildah-root'), '--runroot', (Join-Path $World.Folder 'buildah-run'), '--storage-driver', 'vfs'
        $container = [string](Invoke-Tool @storage from scratch)
        $null = Invoke-Tool @storage copy --add-history $container (Join-Path $World.Context 'content') /srv/content
        $null = Invoke-Tool @storage config --add-history --env COLOUR=red --label org.example.title=buildah --cmd /bin/true $container
        $null = Invoke-Tool @storage commit -q --rm --format oci $container "oci:$($World.BuildahLayout):made"
    }
    if ($World.ContainsKey('Podman')) {
        $engine = @('podman') + $World.PodmanArguments
        $null = Invoke-Tool @engine load -q -i $World.SaveArchive
    }
}

function New-TestImage([hashtable] $World) {
    $World.Sample = Join-Path $World.Folder 'sample'
    & (Join-Path $PSScriptRoot '../../../samples/New-SampleLayout.ps1') -Destination $World.Sample
    if ($World.ContainsKey('Docker')) {
        $env:DOCKER_HOST = $World.Docker
        $World.Context = Join-Path $World.Folder 'context'
        New-AppImage $World
    }
    if ($World.ContainsKey('Registry')) {
        Push-Image $World
        New-LocalPlace $World
    }
}
