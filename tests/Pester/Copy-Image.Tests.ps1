BeforeDiscovery {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    $multi = @(Get-MultiPlace)
    $single = @(Get-SinglePlace)
}
BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    function New-Layout { Join-Path $TestDrive ([guid]::NewGuid().ToString('n')) }

    # every blob of a layout has the digest that is its name, and nothing unfinished lies about
    function Assert-Sound([string] $Layout) {
        foreach ($file in Get-ChildItem "$Layout/blobs/sha256" -File) { Get-FileSha256 $file.FullName | Should -BeExactly "sha256:$($file.Name)" }
        Get-ChildItem $Layout -Recurse -Force -File -Filter *.partial | Should -BeNullOrEmpty
    }
}

Describe 'Copy-Image' {
    It 'pulls into a layout what skopeo finds with the same digest, from <Place>' -ForEach ($multi + $single) {
        Skip-Without Registry, $Key
        $layout = New-Layout
        $result = Copy-Image $Name "oci:${layout}:copy"
        $result.SourceDigest, $result.DestinationDigest | Should -BeExactly (, (Get-PeerDigest $Peer) * 2)
        $result.Destination | Should -BeExactly "oci:${layout}:copy"
        (Test-Image $result.Destination).Passed | Should -BeTrue
        Assert-Sound $layout
        # skopeo finds no documents of Docker's types in a layout
        if ((Get-ImageDigest $result.Destination).MediaType -notlike '*.docker.*') { Get-PeerDigest "oci:${layout}:copy" | Should -BeExactly $result.DestinationDigest }
    }

    It 'pushes to a registry, with every child of an index, and sends nothing twice' {
        Skip-Without Registry
        $repository = "$($World.Registry)/copy/$([guid]::NewGuid().ToString('n'))"
        $first = Copy-Image "oci:$($World.Sample):1.0" "${repository}:1"
        $first.BytesSent | Should -BeGreaterThan 0
        $first.BytesReused | Should -Be 0
        $first.DestinationDigest | Should -BeExactly (Get-PeerDigest "docker://${repository}:1")
        (Test-Image "${repository}:1").Passed | Should -BeTrue
        foreach ($architecture in 'amd64', 'arm64') { (Get-PeerConfig "docker://${repository}:1" $architecture).architecture | Should -BeExactly $architecture }

        $said = Copy-Image "oci:$($World.Sample):1.0" "${repository}:1" -Verbose 4>&1
        @($said -match '^(HEAD|GET|POST|PUT) ').Count | Should -Be 1
        $blobs = (Get-ImageLayer "${repository}:1" -Platform linux/amd64 | Measure-Object Size -Sum).Sum
        $second = Copy-Image "${repository}:1" "${repository}-b:1"
        $second.BytesReused | Should -BeGreaterOrEqual $blobs -Because 'the registry takes the blobs from the other repository'
        (Test-Image "${repository}-b:1").Passed | Should -BeTrue
    }

    It 'copies one image of an index with -Platform' {
        $layout = New-Layout
        $result = Copy-Image "oci:$($World.Sample):1.0" "oci:${layout}:arm" -Platform linux/arm64
        $result.DestinationDigest | Should -BeExactly (Get-PeerDigest "oci:${layout}:arm")
        (Get-ImageConfig "oci:${layout}:arm").Architecture | Should -BeExactly 'arm64'
        (Get-ImageDigest "oci:$($World.Sample):1.0" -Platform linux/arm64).Digest | Should -BeExactly $result.DestinationDigest
    }

    It 'keeps an image under a digest that it has, and no other' {
        Skip-Without Registry
        $repository = "$($World.Registry)/copy/$([guid]::NewGuid().ToString('n'))"
        $digest = (Get-ImageDigest "oci:$($World.Sample):1.0").Digest
        (Copy-Image "oci:$($World.Sample):1.0" "$repository@$digest").DestinationDigest | Should -BeExactly $digest
        Get-PeerDigest "docker://$repository@$digest" | Should -BeExactly $digest
        $other = 'sha256:' + 'a' * 64
        Copy-Image "oci:$($World.Sample):1.0" "$repository@$other" -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'DigestMismatch,OciTools.Commands.CopyImageCommand'
    }

    It 'takes a name from another image only with -Force, in <Kind>' -ForEach @{ Kind = 'a layout' }, @{ Kind = 'a registry' } {
        Skip-Without Registry
        $name = $Kind -eq 'a layout' ? "oci:$(New-Layout):x" : "$($World.Registry)/copy/$([guid]::NewGuid().ToString('n')):x"
        $null = Copy-Image "oci:$($World.Sample):1.0" $name
        $before = (Get-ImageDigest $name).Digest
        Copy-Image "oci:$($World.Sample):1.0" $name -Platform linux/arm64 -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'TagExists,OciTools.Commands.CopyImageCommand'
        (Get-ImageDigest $name).Digest | Should -BeExactly $before
        $after = Copy-Image "oci:$($World.Sample):1.0" $name -Platform linux/arm64 -Force
        (Get-ImageDigest $name).Digest | Should -BeExactly $after.DestinationDigest
        $after.DestinationDigest | Should -Not -BeExactly $before
    }

    It 'writes nothing with -WhatIf, and says what it would write' {
        $layout = New-Layout
        $said = Get-WhatIf "Copy-Image 'oci:$($World.Sample):1.0' 'oci:${layout}:x' -WhatIf"
        @($said -match 'What if:').Count | Should -Be 1
        $said -join '' | Should -Match '(\d+) of \1 blobs with \d+ bytes'
        $layout | Should -Not -Exist
        $null = Copy-Image "oci:$($World.Sample):1.0" "oci:${layout}:arm" -Platform linux/arm64
        $said = (Get-WhatIf "`$WhatIfPreference = `$true; Copy-Image 'oci:$($World.Sample):1.0' 'oci:${layout}:x'") -join ''
        foreach ($layer in Get-ImageLayer "oci:$($World.Sample):1.0" -Platform linux/arm64) { $said | Should -Not -Match $layer.Digest -Because 'it is there' }
        $missing = Get-ImageLayer "oci:$($World.Sample):1.0" -Platform linux/amd64 | Where-Object Digest -NotIn (Get-ImageLayer "oci:${layout}:arm").Digest
        @($missing).Count | Should -BeGreaterThan 0
        foreach ($layer in $missing) { $said | Should -Match "$($layer.Digest) $($layer.Size) bytes" }
    }

    It 'gives each image of the pipeline a destination of its own by a script block' {
        Skip-Without Registry
        $repository = "$($World.Registry)/copy/$([guid]::NewGuid().ToString('n'))"
        $null = Copy-Image "oci:$($World.Sample):1.0" "${repository}:1"
        $null = Add-ImageTag "${repository}:1" -Tag 2, 3
        $copied = Get-ImageTag $repository | Sort-Object Tag | Copy-Image -Destination { "${repository}-mirror:v$($_.Tag)" }
        $copied.Destination | Should -BeExactly "${repository}-mirror:v1", "${repository}-mirror:v2", "${repository}-mirror:v3"
        (skopeo list-tags --tls-verify=false "docker://${repository}-mirror" | ConvertFrom-Json).Tags | Sort-Object | Should -Be 'v1', 'v2', 'v3'
    }

    It 'keeps what it does not know in the index of a layout, and what others have in it' {
        $layout = New-Layout
        $null = skopeo --insecure-policy copy -q --all "oci:$($World.Sample):1.0" "oci:${layout}:theirs"
        $index = Get-Content -Raw "$layout/index.json" | ConvertFrom-Json -AsHashtable
        $index['x-unknown'] = @{ a = 1 }
        $index.manifests[0].annotations['org.example.note'] = "caf`u{e9}"
        [IO.File]::WriteAllText("$layout/index.json", ($index | ConvertTo-Json -Depth 9))
        $null = Copy-Image "oci:$($World.Sample):1.0" "oci:${layout}:ours" -Platform linux/amd64
        $after = Get-Content -Raw "$layout/index.json" | ConvertFrom-Json -AsHashtable
        $after['x-unknown'].a | Should -Be 1
        $after.manifests[0].annotations['org.example.note'] | Should -BeExactly "caf`u{e9}"
        $after.manifests.annotations.'org.opencontainers.image.ref.name' | Should -BeExactly 'theirs', 'ours'
    }

    It 'mends a blob that is damaged where it is copied to' {
        $layout = New-Layout
        $null = New-DamagedSample $layout
        (Test-Image "oci:${layout}:1.0").Passed | Should -BeFalse
        $null = Copy-Image "oci:$($World.Sample):1.0" "oci:${layout}:again" -Platform linux/amd64
        (Test-Image "oci:${layout}:again").Passed | Should -BeTrue
    }

    It 'names nothing of an image that is damaged where it comes from' {
        Skip-Without Registry
        $layout = New-Layout
        $null = New-DamagedSample $layout
        foreach ($name in "oci:$(New-Layout):x", "$($World.Registry)/copy/$([guid]::NewGuid().ToString('n')):x") {
            Copy-Image "oci:${layout}:1.0" $name -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
            $failure.FullyQualifiedErrorId | Should -BeExactly 'DigestMismatch,OciTools.Commands.CopyImageCommand'
            Get-ImageDigest $name -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        }
    }

    It 'writes into no directory that holds something else' {
        $folder = (New-Item -ItemType Directory (New-Layout)).FullName
        Set-Content "$folder/mine.txt" 'mine'
        Copy-Image "oci:$($World.Sample):1.0" "oci:${folder}:x" -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'UnsupportedPlace,OciTools.Commands.CopyImageCommand'
        (Get-ChildItem $folder -Force).Name | Should -Be 'mine.txt'
    }
}
