BeforeAll {
    . (Join-Path $PSScriptRoot 'Peers.ps1')
    . (Join-Path $PSScriptRoot 'FileFacts.ps1')
    . (Join-Path $PSScriptRoot 'New-TestImages.ps1')
    . (Join-Path $PSScriptRoot 'New-FileSystems.ps1')

    # What the engine puts into every container, over what the image has there.
    $engineOwn = '', '.dockerenv', 'dev', 'dev/console', 'dev/pts', 'dev/shm', 'etc/hostname', 'etc/hosts', 'etc/mtab', 'etc/resolv.conf', 'proc', 'sys'

    # Where other tools are known to do otherwise: they have to do so still. Line fits all lines that say so.
    $oldSparse = 'umoci and Docker do not know the sparse files of old GNU tar: refused.'
    $noEpoch = 'Docker gives a file from before 1970 the time 1970.'
    $empty = 'umoci drops an extended attribute without a value.'
    $cut = 'umoci leaves out the padding after the last file of a layer that it inserts, and GNU tar then writes that file empty.'
    $alone = 'Docker unpacks each layer on its own, so that an implied parent is made anew, over a link of a lower layer too.'
    $knownDifferences = @(
        @{ Image = 'sparse-gnu'; Peer = 'umoci'; Refused = $true; Reason = $oldSparse }
        @{ Image = 'sparse-gnu'; Peer = 'docker'; Refused = $true; Reason = $oldSparse }
        @{ Image = 'sparse-oldgnu'; Peer = 'umoci'; Refused = $true; Reason = $oldSparse }
        @{ Image = 'sparse-oldgnu'; Peer = 'docker'; Refused = $true; Reason = $oldSparse }
        @{ Image = 'links-across'; Peer = 'docker'; Refused = $true; Reason = 'Docker unpacks each layer on its own, so that a hard link finds no target in a lower layer.' }
        @{ Image = 'parents'; Peer = 'docker'; Line = ' (absolute|lib|link|real|usr/lib)(/[a-z/]+)?: '; Reason = $alone }
        @{ Image = 'umoci-insert'; Peer = 'tar'; Line = '/motd: they have sha256:e3b0c442'; Reason = $cut }
        @{ Image = 'umoci-inserted'; Peer = 'tar'; Line = '/motd: they have sha256:e3b0c442'; Reason = $cut }
        @{ Image = 'umoci-inserted'; Peer = 'docker'; Line = ' opt: they have d\|755\|0:0\|'; Reason = $alone }
        @{ Image = 'attributes-gnu'; Peer = 'umoci'; Line = ' d/binary: .*,user\.empty(=0x)?\|'; Reason = $empty }
        @{ Image = 'attributes-bsd'; Peer = 'umoci'; Line = ' d/binary: .*,user\.empty(=0x)?\|'; Reason = $empty }
        @{ Image = 'times-gnu'; Peer = 'docker'; Line = ' d/[12]: they have f\|644\|0:0\|0\|'; Reason = $noEpoch }
        @{ Image = 'times-pax'; Peer = 'docker'; Line = ' d/[128]: they have f\|644\|0:0\|0\|'; Reason = $noEpoch }
        @{ Image = 'times-pax'; Peer = 'tar'; Line = '1960-01-02 03:04:06.7500000.*1960-01-02 03:04:05.2500000'; Reason = 'GNU tar counts parts of a second the wrong way before 1970, in its listing only.' }
    )

    # The images as umoci, Docker and GNU tar unpack them, and as OciTools writes them, each in a directory WAY.NAME below trees.
    function Write-Tree([object[]] $Images, [string] $Folder) {
        $trees = (New-Item -ItemType Directory (Join-Path $Folder 'trees')).FullName
        $layout = Join-Path $Folder 'peers'
        $refused = @($knownDifferences | Where-Object { $_.Peer -eq 'docker' -and $_['Refused'] }).Image
        $loading = Start-DockerImport @($Images | Where-Object Name -NotIn $refused) $layout
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
        foreach ($image in $Images | Where-Object Name -In $refused) { $null = Start-DockerImport @($image) $layout | Receive-Job -Wait -AutoRemoveJob }
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

    # The files of the layers of an image, out of the documents of a layout.
    function Get-PeerDocument([string] $Layout, [string] $Name) {
        $entry = (Get-Content -Raw (Join-Path $Layout 'index.json') | ConvertFrom-Json).manifests | Where-Object { $_.annotations.'org.opencontainers.image.ref.name' -ceq $Name }
        Get-Content -Raw (Join-Path $Layout 'blobs' 'sha256' $entry.digest.Substring(7)) | ConvertFrom-Json
    }
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

    # docker export writes whole seconds, and of the attributes the capability only.
    function ConvertTo-DockerFact($Tree, [Collections.Generic.HashSet[string]] $Without) {
        $seen = [Collections.Generic.SortedDictionary[string, string[]]]::new([StringComparer]::Ordinal)
        foreach ($pair in $Tree.GetEnumerator()) {
            if ($Without.Contains($pair.Key)) { continue }
            $fact = [string[]]$pair.Value.Clone()
            $fact[3] = $fact[3].Split('.')[0]
            if ($fact[8]) { $fact[8] = ($fact[8] -split ',' -match '^security\.capability=') -join ',' }
            $seen.Add($pair.Key, $fact)
        }
        $seen
    }

    # What differs in one image, as lines that begin with the peer.
    function Get-Difference($Image, $Trees) {
        $name = $Image.Name
        $files = @(Get-ImageFile $Image.Image -Platform linux/amd64)
        $timeless = [Collections.Generic.HashSet[string]]::new([string[]]@($files | Where-Object Layer -EQ $null | ForEach-Object { $Latin.GetString($_.FilePathBytes).Substring(1) }))
        if ($Trees["umoci.$name"]) { Compare-Fact (ConvertTo-ListedFact $Trees["umoci.$name"]) (Get-ListedFact $files) $timeless | ForEach-Object { "umoci, listed: $_" } }
        foreach ($way in 'flattened', 'expanded') {
            $ours = $Trees["$way.$name"]
            if ($Trees["umoci.$name"]) { Compare-Fact $Trees["umoci.$name"] $ours $timeless | ForEach-Object { "umoci, ${way}: $_" } }
            else {
                "umoci, ${way}: refuses the image"
                # GNU tar merges no layers, so it can say something of a single one
                if ($Image.Layers.Count -eq 1) { Compare-Fact $Trees["layer.$name.0"] $ours $timeless | ForEach-Object { "tar, ${way}: $_" } }
            }
            if (-not $Trees["docker.$name"]) { "docker, ${way}: refuses the image"; continue }
            $without = [Collections.Generic.HashSet[string]]::new([string[]]@($engineOwn + @($ours.ContainsKey('etc') ? @() : 'etc')))
            $null = $timeless.Add('etc')
            Compare-Fact (ConvertTo-DockerFact $Trees["docker.$name"] $without) (ConvertTo-DockerFact $ours $without) $timeless | ForEach-Object { "docker, ${way}: $_" }
        }
        for ($i = 0; $i -lt $Image.Layers.Count; $i++) {
            $entries = @(Get-ImageFile $Image.Image -Platform linux/amd64 -Layer $i -Hash)
            $ours = @(Get-ListedEntry $entries)
            $theirs = @(Get-TarEntry (Join-Path $World.FileSystems "$name.$i.list"))
            for ($j = 0; $j -lt [math]::Max($ours.Count, $theirs.Count); $j++) {
                if ($ours[$j] -cne $theirs[$j]) { "tar, layer ${i}: they have $($theirs[$j]), we have $($ours[$j])" }
            }
            $unpacked = $Trees["layer.$name.$i"]
            $last = [Collections.Generic.Dictionary[string, object]]::new()
            foreach ($entry in $entries) { $last[$entry.FilePath] = $entry }
            foreach ($entry in $last.Values) {
                if ($entry.Type -in 'HardLink', 'Whiteout', 'OpaqueWhiteout') { continue }
                $fact = $unpacked[$Latin.GetString($entry.FilePathBytes).Substring(1)]
                $their = "$($fact[9])|$(($fact[8] -split ',' -replace '=.*' | Sort-Object) -join ',')"
                $our = "$($entry.Digest)|$(($entry.Attributes | Sort-Object) -join ',')"
                if ($their -cne $our) { "tar, layer ${i}: $($entry.FilePath): they have $their, we have $our" }
            }
        }
    }

    # Compares images, prints how many were tried and held; gives what is wrong.
    function Compare-FileSystem([string] $Figure, [object[]] $Images, [string] $Folder) {
        $World.FileSystems = $Folder
        Write-Tree $Images $Folder
        $trees = Get-DirectoryFact (Join-Path $Folder 'trees')
        $held = 0
        $seen = [Collections.Generic.HashSet[int]]::new()
        foreach ($image in $Images) {
            $wrong = @(foreach ($line in Get-Difference $image $trees) {
                    $known = @(for ($i = 0; $i -lt $knownDifferences.Count; $i++) {
                            $one = $knownDifferences[$i]
                            if ($one.Image -eq $image.Name -and $line.StartsWith("$($one.Peer), ") -and ($one['Refused'] ? $line.EndsWith(': refuses the image') : $line -cmatch $one.Line)) { $i }
                        })
                    if ($known.Count) { $known.ForEach({ $null = $seen.Add($_) }) } else { "$($image.Name): $line" }
                })
            if ($wrong) { $wrong } else { $held++ }
        }
        for ($i = 0; $i -lt $knownDifferences.Count; $i++) {
            $one = $knownDifferences[$i]
            if ($one.Image -in $Images.Name -and -not $seen.Contains($i)) { "$($one.Image): $($one.Peer) differs no more: $($one.Reason)" }
        }
        Write-Host "${Figure}: $($seen.Count) known differences"
        Write-Host "${Figure}: tried $($Images.Count), held $held"
    }
}

Describe 'The files of whole images' {
    It 'are what umoci, Docker and GNU tar make of them' {
        Skip-Without Registry, Docker
        foreach ($tool in 'umoci', 'setfattr', 'setcap', 'bsdtar') { if ($tool -in $World.Missing) { Set-ItResult -Skipped -Because "$tool is not to be had here" } }
        $folder = (New-Item -ItemType Directory (Join-Path $World.Folder 'filesystems')).FullName
        $null = setfattr -n user.probe -v x $folder 2>&1
        if ($LASTEXITCODE -ne 0) { Set-ItResult -Skipped -Because 'the temporary folder keeps no extended attributes' }
        $images = @(New-LayerFileSystem $folder) + @(New-ToolFileSystem $World $folder)
        $wrong = @(Compare-FileSystem 'F2' $images $folder)
        rm -rf $folder # Remove-Item -Force changes what links lead to
        $wrong | Should -BeNullOrEmpty
        $images.Count | Should -BeGreaterOrEqual 30
    }
}

Describe 'A whole Debian' -Tag Slow {
    BeforeAll {
        if ($World['Docker'] -and 'debootstrap' -notin $World.Missing) {
            $root = Join-Path $World.Folder 'debian'
            $null = debootstrap --variant=minbase bookworm $root
            $null = sh -c 'tar -C "$1" -c . | docker import - fixture/debian:1' sh $root
            rm -rf $root
            $World.Debian = "$($World.Registry)/fixture/debian:1"
            $null = docker tag fixture/debian:1 $World.Debian
            $null = docker push -q $World.Debian
        }
    }

    It 'has the same layer in the engine, in a registry and in an archive' {
        Skip-Without Debian
        $diffId = docker image inspect -f '{{index .RootFS.Layers 0}}' fixture/debian:1
        $archive = Join-Path $World.Folder 'debian.tar'
        $null = docker save -o $archive fixture/debian:1
        $names = 'docker-daemon:fixture/debian:1', $World.Debian, "docker-archive:$archive"
        ($names | Get-ImageLayer).DiffId | Should -Be @($diffId, $diffId, $diffId)
        foreach ($name in $names) {
            $folder = Join-Path $World.Folder ([guid]::NewGuid().ToString('n'))
            Get-FileSha256 (Export-ImageLayers $name -Uncompressed -Destination $folder).Path | Should -BeExactly $diffId
            Remove-Item $folder -Recurse
        }
    }

    It 'has the files that umoci, Docker and GNU tar make of it, with packages that come and go' {
        Skip-Without Debian
        $folder = (New-Item -ItemType Directory (Join-Path $World.Folder 'debians')).FullName
        Set-Content (Join-Path $folder 'Dockerfile') @'
FROM fixture/debian:1
ENV DEBIAN_FRONTEND=noninteractive
RUN apt-get -qq update
RUN apt-get -qq install -y --no-install-recommends libcap2-bin iputils-ping perl sudo cron
RUN apt-get -qq purge -y --auto-remove perl cron
RUN rm -rf /var/lib/apt/lists/* /usr/share/doc && mkdir /usr/share/doc && ln -s /etc/passwd /usr/share/doc/accounts
RUN cp -al /usr/share/zoneinfo /opt/zones && rm -r /usr/share/zoneinfo/Europe
'@
        $null = Invoke-Tool docker build --network host -q -t fixture/debian:2 $folder
        $names = foreach ($number in 1, 2) {
            $archive = Join-Path $folder "debian-$number.tar"
            $null = Invoke-Tool docker save -o $archive "fixture/debian:$number"
            $null = Invoke-Tool skopeo --insecure-policy copy -q "docker-archive:$archive" "oci:$(Join-Path $folder 'peers'):debian-$number"
            @{ Name = "debian-$number"; Image = "docker-daemon:fixture/debian:$number"; Peer = "debian-$number" }
        }
        $wrong = @(Compare-FileSystem 'F2, Debian' $names $folder)
        rm -rf $folder
        $wrong | Should -BeNullOrEmpty
    }
}
