BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    . (Join-Path $PSScriptRoot 'lib' 'FileFacts.ps1')
    . (Join-Path $PSScriptRoot 'lib' 'New-TestImages.ps1')
    . (Join-Path $PSScriptRoot 'lib' 'New-FileSystems.ps1')
    . (Join-Path $PSScriptRoot 'lib' 'Expand-FileSystems.ps1')

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
        Write-Tree $Images $Folder @($knownDifferences | Where-Object { $_.Peer -eq 'docker' -and $_['Refused'] }).Image
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
        $oneOf = $World['Slow'] ? 1 : 6
        $images = @(New-LayerFileSystem $folder $oneOf) + @(New-ToolFileSystem $World $folder $oneOf)
        $wrong = @(Compare-FileSystem 'F2' $images $folder)
        rm -rf $folder # Remove-Item -Force changes what links lead to
        $wrong | Should -BeNullOrEmpty
        $images.Count | Should -BeGreaterOrEqual ($World['Slow'] ? 60 : 8)
    }
}

Describe 'A whole Debian' -Tag Slow {
    BeforeAll {
        if ($World['Docker'] -and 'debootstrap' -notin $World.Missing) {
            $root = Join-Path $World.Folder 'debian'
            $null = debootstrap --variant=minbase bookworm $root
            $null = sh -c 'tar -C "$1" -c . | docker import - files/debian:1' sh $root
            rm -rf $root
            $World.Debian = "$($World.Registry)/files/debian:1"
            $null = docker tag files/debian:1 $World.Debian
            $null = docker push -q $World.Debian
        }
    }

    It 'has the same layer in the engine, in a registry and in an archive' {
        Skip-Without Debian
        $diffId = docker image inspect -f '{{index .RootFS.Layers 0}}' files/debian:1
        $archive = Join-Path $World.Folder 'debian.tar'
        $null = docker save -o $archive files/debian:1
        $names = 'docker-daemon:files/debian:1', $World.Debian, "docker-archive:$archive"
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
FROM files/debian:1
ENV DEBIAN_FRONTEND=noninteractive
RUN apt-get -qq update
RUN apt-get -qq install -y --no-install-recommends libcap2-bin iputils-ping perl sudo cron
RUN apt-get -qq purge -y --auto-remove perl cron
RUN rm -rf /var/lib/apt/lists/* /usr/share/doc && mkdir /usr/share/doc && ln -s /etc/passwd /usr/share/doc/accounts
RUN cp -al /usr/share/zoneinfo /opt/zones && rm -r /usr/share/zoneinfo/Europe
'@
        $null = Invoke-Tool docker build --network host -q -t files/debian:2 $folder
        $names = foreach ($number in 1, 2) {
            $archive = Join-Path $folder "debian-$number.tar"
            $null = Invoke-Tool docker save -o $archive "files/debian:$number"
            $null = Invoke-Tool skopeo --insecure-policy copy -q "docker-archive:$archive" "oci:$(Join-Path $folder 'peers'):debian-$number"
            @{ Name = "debian-$number"; Image = "docker-daemon:files/debian:$number"; Peer = "debian-$number" }
        }
        $wrong = @(Compare-FileSystem 'F2, Debian' $names $folder)
        rm -rf $folder
        $wrong | Should -BeNullOrEmpty
    }
}
