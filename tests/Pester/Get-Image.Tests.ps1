BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    if ($World['App']) {
        $peer = @(docker images --no-trunc --format '{{json .}}' | ConvertFrom-Json)
        $named = @($peer | Where-Object Tag -NE '<none>')
    }
}

Describe 'Get-Image' {
    It 'lists the names that docker images lists' {
        Skip-Without App
        $images = @(Get-Image | Where-Object Repository)
        $images | ForEach-Object { "$($_.Repository):$($_.Tag) $($_.ImageId)" } | Sort-Object |
            Should -Be @($named | ForEach-Object { "$($_.Repository):$($_.Tag) $($_.ID)" } | Sort-Object)
    }
    It 'gives sizes in bytes as the engine has them' {
        Skip-Without App
        $image = Get-Image fixture/app:1.0
        $image.Size | Should -Be ([long](docker image inspect -f '{{.Size}}' fixture/app:1.0))
        $image.Created | Should -BeOfType ([datetime])
    }
    It 'sorts by size' {
        Skip-Without App
        $images = @(Get-Image | Sort-Object Size)
        $images.Count | Should -BeGreaterThan 2
        $sizes = @($images.ForEach{ [long](docker image inspect -f '{{.Size}}' ($_.ImageId ?? $_.EngineId)) })
        $images.Size | Should -Be $sizes
        $sizes | Should -Be @($sizes | Sort-Object)
    }
    It 'takes wildcards on names' {
        Skip-Without App
        (Get-Image fixture/*).Repository | Sort-Object -Unique | Should -Be 'fixture/app', 'fixture/derived'
        (Get-Image fixture/app:al*).Tag | Should -Be 'alias'
    }
    It 'lists what has no name any more' {
        Skip-Without App
        $dangling = @(Get-Image -Dangling)
        $dangling.ImageId | Should -Be @(docker images --no-trunc -q -f dangling=true)
        $dangling.Count | Should -Be 1
    }
    It 'gives names that lead to the image' {
        Skip-Without App
        Get-Image fixture/* | Get-ImageConfig | ForEach-Object ImageId | Sort-Object -Unique |
            Should -Be @($named | Where-Object Repository -Like fixture/* | ForEach-Object ID | Sort-Object -Unique)
    }
    It 'lists the images of a layout' {
        Skip-Without App
        $images = @(Get-Image -LiteralPath $World.Layout)
        $images.Tag | Sort-Object | Should -Be 'app', 'multi'
        ($images | Where-Object Tag -EQ multi).Digest | Should -BeExactly (Get-PeerDigest "oci:$($World.Layout):multi")
        ($images | Get-ImageManifest).Digest | Should -Be $images.Digest
    }
    It 'names the parameter for the name of a layout or archive, instead of asking the engine for it' {
        foreach ($name in "oci:$($World.Sample)", $World.Sample, './app.tar', 'docker-archive:app.tar:x') {
            $failure = $null
            Get-Image $name -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
            $failure.FullyQualifiedErrorId | Should -Be 'InvalidImageName,OciTools.Commands.GetImageCommand'
            $failure.ErrorDetails.RecommendedAction | Should -Be 'Get-Image -LiteralPath lists the images of a layout or an archive.'
        }
    }
    It 'lists the images of an archive that docker save wrote' {
        Skip-Without App
        $images = @(Get-Image -Path $World.SaveTwoArchive)
        $images | ForEach-Object { "$($_.Repository):$($_.Tag)" } | Sort-Object | Should -Be 'fixture/app:1.0', 'fixture/derived:1.0'
        ($images | Where-Object Repository -EQ fixture/app).ImageId | Should -BeExactly $World.AppId
        ($images | Get-ImageConfig).ImageId | Should -Be $images.ImageId
    }

    Context 'and the registry, with -Detailed' {
        It 'says Current while the tag points at the image, and Behind when it has moved' {
            Skip-Without App
            $name = "$($World.Registry)/fixture/moving:1"
            $copy = 'skopeo', '--insecure-policy', 'copy', '-q', '--src-tls-verify=false', '--dest-tls-verify=false'
            $null = docker tag fixture/app:1.0 $name
            $null = docker push -q $name
            try {
                $now = Get-Image $name -Detailed
                $now.RegistryState | Should -Be 'Current'
                $now.RegistryDigest | Should -BeExactly (Get-PeerDigest "docker://$name")
                $null = & $copy[0] @($copy | Select-Object -Skip 1) "docker://$($World.Registry)/fixture/multi:1.0" "docker://$name"
                $then = Get-Image $name -Detailed
                $then.RegistryState | Should -Be 'Behind'
                $then.RegistryDigest | Should -BeExactly (Get-PeerDigest "docker://$name")
            }
            finally { $null = docker rmi $name }
        }
        It 'says LocalOnly for a tag that the registry does not have' {
            Skip-Without App
            $name = "$($World.Registry)/fixture/local:1"
            $null = docker tag fixture/app:1.0 $name
            try { (Get-Image $name -Detailed).RegistryState | Should -Be 'LocalOnly' } finally { $null = docker rmi $name }
        }
        It 'gives -Credential to the registry of the first image, also where the second place is read faster' {
            $digest = 'sha256:' + '1' * 64
            $paths = foreach ($place in @{ Registry = '127.0.0.1:1'; Note = 'x' * 3MB }, @{ Registry = '127.0.0.2:1'; Note = 'x' }) {
                $path = (New-Item -ItemType Directory (Join-Path $TestDrive ([guid]::NewGuid().ToString('N')))).FullName
                '{"imageLayoutVersion":"1.0.0"}' | Set-Content (Join-Path $path 'oci-layout')
                @{
                    schemaVersion = 2
                    annotations = @{ note = $place.Note }
                    manifests = @(@{ mediaType = 'application/vnd.oci.image.manifest.v1+json'; digest = $digest; size = 2; annotations = @{ 'org.opencontainers.image.ref.name' = "$($place.Registry)/app:1" } })
                } | ConvertTo-Json -Depth 9 | Set-Content (Join-Path $path 'index.json')
                $path
            }
            $account = [pscredential]::new('a', (ConvertTo-SecureString 'b' -AsPlainText -Force))
            1..5 | ForEach-Object {
                $images = @(Get-Image -Path $paths -Detailed -Credential $account -WarningVariable warned -WarningAction SilentlyContinue)
                $images.RegistryState | Should -Be 'Unknown', 'Unknown'
                "$($warned -like '*credential*')" | Should -BeLike '*127.0.0.2:1/app:1 lies in 127.0.0.2:1, and the credential given is for 127.0.0.1:1.'
            }
        }
    }
}
