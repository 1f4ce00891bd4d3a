BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    function New-Repository { "$($World.Registry)/tagging/$([guid]::NewGuid().ToString('n'))" }
    function New-Layout { $path = Join-Path $TestDrive ([guid]::NewGuid().ToString('n')); Copy-Item -Recurse $World.Sample $path; $path }
}

Describe 'Add-ImageTag' {
    It 'gives an image in a registry more tags, which skopeo finds' {
        Skip-Without Registry
        $repository = New-Repository
        $null = Copy-Image "oci:$($World.Sample):1.0" "${repository}:1.0"
        $digest = Get-PeerDigest "docker://${repository}:1.0"
        $said = Add-ImageTag "${repository}:1.0" -Tag 1, latest -Verbose 4>&1
        $tags = @($said | Where-Object { $_ -isnot [System.Management.Automation.VerboseRecord] })
        $tags.Image | Should -BeExactly "${repository}:1", "${repository}:latest"
        $tags.Digest | Should -BeExactly $digest, $digest
        foreach ($tag in $tags) { Get-PeerDigest "docker://$($tag.Image)" | Should -BeExactly $digest }
        @($said -match '^(POST|PUT|PATCH) .*/blobs/').Count | Should -Be 0 -Because 'nothing but the manifest is written'
        (skopeo list-tags --tls-verify=false "docker://$repository" | ConvertFrom-Json).Tags | Sort-Object | Should -Be '1', '1.0', 'latest'
    }

    It 'gives an image in a layout more names' {
        $layout = New-Layout
        $digest = Get-PeerDigest "oci:${layout}:1.0"
        (Add-ImageTag "oci:${layout}:1.0" -Tag stable).Image | Should -BeExactly "oci:${layout}:stable"
        Get-PeerDigest "oci:${layout}:stable" | Should -BeExactly $digest
        Get-PeerDigest "oci:${layout}:1.0" | Should -BeExactly $digest
    }

    It 'gives an image of an engine more names' {
        Skip-Without Docker, App
        $name = "tagged/$([guid]::NewGuid().ToString('n'))"
        docker tag $World.App "${name}:1"
        $tags = Add-ImageTag "docker-daemon:${name}:1" -Tag 2, "$name-other:3"
        $tags.Image | Should -BeExactly "docker-daemon:${name}:2", "docker-daemon:$name-other:3"
        $tags.ImageId | Should -BeExactly $World.AppId, $World.AppId
        docker image inspect -f '{{.Id}}' "${name}:2" "$name-other:3" | Should -BeExactly $World.AppId, $World.AppId
        $null = docker tag fixture/derived:1.0 "${name}:taken"
        Add-ImageTag "docker-daemon:${name}:1" -Tag taken -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'TagExists,OciTools.Commands.AddImageTagCommand'
        $null = Add-ImageTag "docker-daemon:${name}:1" -Tag taken -Force
        docker image inspect -f '{{.Id}}' "${name}:taken" | Should -BeExactly $World.AppId
        (Add-ImageTag "docker-daemon:$($World.AppId)" -Tag "${name}:by-id").Image | Should -BeExactly "docker-daemon:${name}:by-id"
        Add-ImageTag "docker-daemon:$($World.AppId)" -Tag only -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'InvalidImageName,OciTools.Commands.AddImageTagCommand'
    }

    It 'takes a tag from another image only with -Force, and gives one twice without harm, in <Kind>' -ForEach @{ Kind = 'a layout' }, @{ Kind = 'a registry' } {
        Skip-Without Registry
        if ($Kind -eq 'a layout') { $first = "oci:$(New-Layout):1.0"; $place = $first -replace ':1.0$' }
        else { $place = New-Repository; $first = "${place}:1.0"; $null = Copy-Image "oci:$($World.Sample):1.0" $first }
        $null = Copy-Image $first "${place}:arm" -Platform linux/arm64
        $before = (Get-ImageDigest "${place}:arm").Digest
        Add-ImageTag $first -Tag arm -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'TagExists,OciTools.Commands.AddImageTagCommand'
        (Get-ImageDigest "${place}:arm").Digest | Should -BeExactly $before
        $after = Add-ImageTag $first -Tag arm -Force
        $after.Digest | Should -BeExactly (Get-ImageDigest $first).Digest
        (Get-ImageDigest "${place}:arm").Digest | Should -BeExactly $after.Digest
        (Add-ImageTag $first -Tag arm).Digest | Should -BeExactly $after.Digest
    }

    It 'gives no tag where one of several may not be given' {
        Skip-Without Registry
        $repository = New-Repository
        $null = Copy-Image "oci:$($World.Sample):1.0" "${repository}:1.0"
        $null = Copy-Image "${repository}:1.0" "${repository}:arm" -Platform linux/arm64
        Add-ImageTag "${repository}:1.0" -Tag new, arm -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        Get-ImageDigest "${repository}:new" -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
    }

    It 'says what is wrong with <Tag>' -ForEach @{ Tag = 'no spaces' }, @{ Tag = '-x' }, @{ Tag = 'a/b' }, @{ Tag = 'x' * 129 } {
        Skip-Without Registry
        Add-ImageTag "$($World.Registry)/fixture/multi:1.0" -Tag $Tag -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'InvalidImageName,OciTools.Commands.AddImageTagCommand'
    }

    It 'says that <Kind> takes no tags' -ForEach @{ Kind = 'an archive'; Key = 'OciArchive'; Text = 'oci-archive:{0}:multi' }, @{ Kind = 'a docker-save archive'; Key = 'SaveArchive'; Text = 'docker-archive:{0}' } {
        Skip-Without $Key
        Add-ImageTag ($Text -f $World[$Key]) -Tag x -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'UnsupportedPlace,OciTools.Commands.AddImageTagCommand'
    }

    It 'writes nothing with -WhatIf, and says what it would write' {
        $layout = New-Layout
        $before = Get-FileSha256 "$layout/index.json"
        $said = Get-WhatIf "Add-ImageTag 'oci:${layout}:1.0' -Tag a, b -WhatIf"
        @($said -match 'What if:').Count | Should -Be 2
        Get-FileSha256 "$layout/index.json" | Should -BeExactly $before
        Get-ChildItem $layout -Force -Filter .ocitools | Should -BeNullOrEmpty
    }
}
